import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useSession } from '../../shell/session';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { senderPath } from './api';

/** A confirmation for a sample order, to see the settings where they count. */
export function TestMail({ dirty }: { dirty: boolean }) {
  const { session } = useSession();
  const [to, setTo] = useState(session.shop.email);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  const send = async () => {
    setBusy(true);
    setError('');
    try {
      await post(`${senderPath}/test`, { to });
      toast(t('test_mail.done', { to }));
    } catch (cause) {
      const problem = asApiError(cause);
      setError(problem.field('to') ?? problem.message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('test_mail.title')}>
      <div className="stack-small">
        <s-email-field
          label={t('test_mail.to')}
          details={dirty ? t('test_mail.unsaved') : t('test_mail.detail')}
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
            {t('test_mail.send')}
          </s-button>
        </span>
      </div>
    </s-section>
  );
}
