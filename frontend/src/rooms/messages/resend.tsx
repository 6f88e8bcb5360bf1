import { useRef, useState } from 'react';
import type { ApiError } from '../../shell/api';
import { asApiError, post } from '../../shell/api';
import { navigate } from '../../shell/router';
import { useMay } from '../../shell/session';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Message } from './api';

const DIALOG = 'resend-dialog';

/**
 * Send it once more, after asking. The request's id is made when the dialog
 * opens: pressing twice, or again after a lost answer, still sends one mail.
 */
export function Resend({ message }: { message: Message }) {
  const dialog = useRef<HTMLElementTagNameMap['s-modal']>(null);
  const request = useRef('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const may = useMay('messages.send');

  const open = () => {
    request.current = crypto.randomUUID();
    setError(null);
    dialog.current?.showOverlay();
  };

  const send = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await post<{ message: Message }>(
        `/messages/${encodeURIComponent(message.id)}/resend`,
        {
          request_id: request.current,
        },
      );
      dialog.current?.hideOverlay();
      toast(t('resend.done', { to: message.to }));
      await navigate(`/messages/${encodeURIComponent(answer.message.id)}`);
    } catch (cause) {
      setError(asApiError(cause));
    } finally {
      setBusy(false);
    }
  };

  if (!may) return null;
  return (
    <>
      <s-button slot="primary-action" variant="primary" onClick={open}>
        {t('resend.action')}
      </s-button>
      <s-modal ref={dialog} id={DIALOG} heading={t('resend.title')}>
        <div className="stack-small">
          {error && (
            <s-banner tone="critical" heading={t('resend.failed')}>
              <s-paragraph>{error.message}</s-paragraph>
            </s-banner>
          )}
          <s-paragraph>{t('resend.question', { to: message.to })}</s-paragraph>
          <s-paragraph color="subdued">{t('resend.detail')}</s-paragraph>
        </div>
        <s-button
          slot="primary-action"
          variant="primary"
          loading={busy}
          onClick={() => void send()}
        >
          {t('resend.confirm')}
        </s-button>
        <s-button
          slot="secondary-actions"
          disabled={busy}
          onClick={() => dialog.current?.hideOverlay()}
        >
          {t('action.cancel')}
        </s-button>
      </s-modal>
    </>
  );
}
