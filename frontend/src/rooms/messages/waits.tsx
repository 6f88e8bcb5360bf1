import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useFormat, useMay } from '../../shell/session';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Message, MessageRow } from './api';

/** What a message that has not gone yet waits for, and until when. */
export function Waits({ message }: { message: MessageRow }) {
  const format = useFormat();
  if (message.state !== 'waiting' || !message.waits_for) return null;
  return (
    <span className="subdued">
      {tCode('message_waits', message.waits_for)}
      {message.waits_until && (
        <>
          {' '}
          <time dateTime={message.waits_until} title={format.exact(message.waits_until)}>
            {t('message.next_at', { when: format.listTime(message.waits_until) })}
          </time>
        </>
      )}
    </span>
  );
}

/** Tries a mail again that was given up; nothing was sent before. */
export function TryAgain({ message, reload }: { message: Message; reload: () => Promise<void> }) {
  const may = useMay('messages.send');
  const [busy, setBusy] = useState(false);
  if (!message.retryable || !may) return null;

  const retry = async () => {
    setBusy(true);
    try {
      await post(`/messages/${encodeURIComponent(message.id)}/retry`, {});
      toast(t('message.retried'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      await reload();
      setBusy(false);
    }
  };
  return (
    <s-button slot="secondary-actions" loading={busy} onClick={() => void retry()}>
      {t('action.retry')}
    </s-button>
  );
}
