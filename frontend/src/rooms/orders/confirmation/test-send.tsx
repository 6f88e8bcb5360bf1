import { useState } from 'react';
import { asApiError, post } from '../../../shell/api';
import { useSession } from '../../../shell/session';
import { t } from '../../../shell/strings';
import { toast } from '../../../shell/toast';
import { confirmationPath } from './api';

interface TestProps {
  style: string;
  language: string;
  saved: boolean;
}

/** The saved draft, sent with a made-up order, to see it in a real mailbox. */
export function TestSend({ style, language, saved }: TestProps) {
  const { session } = useSession();
  const [to, setTo] = useState(session.shop.email);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setError('');
    try {
      await post(`${confirmationPath}/test`, { to, style, locale: language });
      toast(t('design.test_sent', { to }));
    } catch (cause) {
      const problem = asApiError(cause);
      setError(problem.field('to') ?? problem.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <s-section heading={t('design.test')}>
      <div className="stack-small">
        <s-email-field
          label={t('design.test_to')}
          value={to}
          error={error}
          autocomplete="email"
          onInput={(event) => {
            event.stopPropagation();
            setTo(event.currentTarget.value.trim());
          }}
        />
        <span>
          <s-button loading={busy} disabled={to === '' || !saved} onClick={() => void send()}>
            {t('design.test')}
          </s-button>
        </span>
      </div>
    </s-section>
  );
}
