import { useRef, useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Feedback } from './api';
import { feedbackPath } from './api';
import { Copy } from './copy';
import type { FormProps } from './form';

const DIALOG = 'feedback-address';
const FRESH = 15_000;
const LAST = 5;
const providers = ['postmark', 'sendgrid', 'generic', 'raw'] as const;

/** Where mail providers tell what came back, and what they told last. */
export function Reports({ draft, set, errorOf }: FormProps) {
  const { data, error, reload } = useResource<Feedback>(feedbackPath, FRESH);
  const dialog = useRef<HTMLElementTagNameMap['s-modal']>(null);
  const [busy, setBusy] = useState(false);

  const make = async () => {
    setBusy(true);
    try {
      await post(`${feedbackPath}/address`, {});
      dialog.current?.hideOverlay();
      toast(t('delivery.address_made'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      await reload();
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('delivery.reports')}>
      <div className="fields">
        <s-paragraph>{t('delivery.reports_detail')}</s-paragraph>
        {error && !data && <Failed error={error} retry={() => void reload()} />}
        {!error && !data && <Skeleton lines={4} />}
        {data && data.address === '' && (
          <span>
            <s-button loading={busy} onClick={() => void make()}>
              {t('delivery.make_address')}
            </s-button>
          </span>
        )}
        {data && data.address !== '' && (
          <>
            <div>
              {providers.map((name) => (
                <Copy
                  key={name}
                  label={tCode('delivery.provider', name)}
                  text={data.address + name}
                />
              ))}
            </div>
            <s-text-field
              name="hook_key"
              label={t('delivery.hook_key')}
              details={t('delivery.hook_key_detail')}
              value={draft.hook_key}
              error={errorOf('hook_key')}
              autocomplete="off"
              onInput={(event) => set('hook_key', event.currentTarget.value.trim())}
            />
            <span>
              <s-button onClick={() => dialog.current?.showOverlay()}>
                {t('delivery.new_address')}
              </s-button>
            </span>
          </>
        )}
        {data && <Events events={data.events} />}
      </div>
      <s-modal ref={dialog} id={DIALOG} heading={t('delivery.new_address_title')}>
        <s-paragraph>{t('delivery.new_address_detail')}</s-paragraph>
        <s-button
          slot="primary-action"
          variant="primary"
          loading={busy}
          onClick={() => void make()}
        >
          {t('delivery.new_address')}
        </s-button>
        <s-button
          slot="secondary-actions"
          disabled={busy}
          onClick={() => dialog.current?.hideOverlay()}
        >
          {t('action.cancel')}
        </s-button>
      </s-modal>
    </s-section>
  );
}

function Events({ events }: { events: Feedback['events'] }) {
  const format = useFormat();
  if (events.length === 0) return <p className="subdued events">{t('delivery.no_events')}</p>;
  return (
    <div>
      <h3 className="subhead">{t('delivery.last_events')}</h3>
      <ul className="plain-list events">
        {events.slice(0, LAST).map((event, i) => (
          <li key={i}>
            <time className="subdued" dateTime={event.at} title={format.exact(event.at)}>
              {format.listTime(event.at)}
            </time>{' '}
            {tCode('delivery.event', event.kind)}
            {event.status !== '' && <span className="mono"> {event.status}</span>}{' '}
            <span className="subdued">{tCode('delivery.by', event.provider)}</span>{' '}
            {event.message_id ? (
              <s-link href={`/messages/${encodeURIComponent(event.message_id)}`}>
                {t('delivery.event_mail')}
              </s-link>
            ) : (
              <span className="subdued">{t('delivery.event_unknown')}</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
