import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useSession } from '../../shell/session';
import { t } from '../../shell/strings';
import { announce } from '../../shell/toast';
import type { TestResult } from './api';

/** Asks the server whether it would take a mail, and sends one if so. */
export function TryServer({ dirty, reload }: { dirty: boolean; reload: () => Promise<void> }) {
  const { session } = useSession();
  const [to, setTo] = useState(session.shop.email);
  const [result, setResult] = useState<TestResult | null>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  const send = async () => {
    setBusy(true);
    setError('');
    setResult(null);
    try {
      const answer = await post<TestResult>('/settings/mail/test', { to });
      setResult(answer);
      announce(answer.detail);
      await reload();
    } catch (cause) {
      const problem = asApiError(cause);
      setError(problem.field('to') ?? problem.message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('delivery.test')}>
      <div className="stack-small">
        <s-email-field
          label={t('test_mail.to')}
          details={t(dirty ? 'delivery.test_unsaved' : 'delivery.test_detail')}
          value={to}
          error={error}
          autocomplete="email"
          onInput={(event) => {
            event.stopPropagation();
            setTo(event.currentTarget.value.trim());
          }}
        />
        <span>
          <s-button loading={busy} disabled={to === ''} onClick={() => void send()}>
            {t('delivery.test_send')}
          </s-button>
        </span>
        {result && (
          <s-banner
            tone={result.ok ? 'success' : 'critical'}
            heading={t(result.ok ? 'delivery.test_ok' : 'delivery.test_failed')}
          >
            <s-paragraph>{result.detail}</s-paragraph>
            {result.id && (
              <s-link href={`/messages/${encodeURIComponent(result.id)}`}>
                {t('delivery.test_follow')}
              </s-link>
            )}
          </s-banner>
        )}
      </div>
    </s-section>
  );
}
