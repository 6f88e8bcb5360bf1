import { useState } from 'react';
import { asApiError, download } from '../../shell/api';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { useFormat, useMay } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Access, AccessLog, PrivacyRequest, PrivacyRequests } from './privacy-api';
import { filters, listPath, views } from './privacy-api';

const FRESH = 5_000;

/** What customers asked through Shopify, what became of it, and which staff read whose data. */
export default function PrivacyScreen() {
  const place = usePlace();
  const view = place.query.get('view') === 'access' ? 'access' : 'requests';
  return (
    <Page heading={t('privacy.title')}>
      <s-section padding="none" accessibilityLabel={t('privacy.title')}>
        <div>
          <div className="filters">
            <div className="segments" role="group" aria-label={t('privacy.filter')}>
              {views.map((name) => (
                <button
                  key={name}
                  type="button"
                  className="segment"
                  aria-pressed={view === name}
                  onClick={() =>
                    void navigate(
                      withQuery(place, [...filters, 'cursor'], {
                        view: name === 'requests' ? '' : name,
                      }),
                    )
                  }
                >
                  <span>{t(`privacy.view_${name}`)}</span>
                </button>
              ))}
            </div>
          </div>
          {view === 'requests' ? <Requests /> : <Accesses />}
        </div>
      </s-section>
    </Page>
  );
}

function Requests() {
  const place = usePlace();
  const { data, error, stale, reload } = useResource<PrivacyRequests>(
    listPath('requests', place.query),
    FRESH,
  );
  const [busy, setBusy] = useState('');

  const take = async (request: PrivacyRequest) => {
    setBusy(request.id);
    try {
      await download(
        `/privacy/requests/${encodeURIComponent(request.id)}/file`,
        `customer-data-${request.id}.json`,
      );
      toast(t('privacy.downloaded'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy('');
      await reload();
    }
  };

  if (error && !data) {
    return (
      <div className="inset">
        <Failed error={error} retry={() => void reload()} />
      </div>
    );
  }
  if (data === undefined) return <SkeletonRows rows={6} />;
  if (data.requests.length === 0) {
    return (
      <Empty icon="check-circle" heading={t('privacy.none')}>
        {t('privacy.none_detail')}
      </Empty>
    );
  }
  return (
    <div className={stale ? 'dimmed' : undefined}>
      <ul className="plain-list ruled">
        {data.requests.map((request) => (
          <Row
            key={request.id}
            request={request}
            busy={busy}
            take={(chosen) => void take(chosen)}
          />
        ))}
      </ul>
      <div className="table-foot">
        <span className="subdued">{t('privacy.explain')}</span>
        <Pager known={filters} next={data.next_cursor} busy={stale} />
      </div>
    </div>
  );
}

interface RowProps {
  request: PrivacyRequest;
  busy: string;
  take: (request: PrivacyRequest) => void;
}

function Row({ request, busy, take }: RowProps) {
  const format = useFormat();
  const mayTake = useMay('privacy.export');
  const { file } = request;
  return (
    <li className="hook">
      <div className="hook-main">
        <div className="hook-head">
          <strong>{tCode('privacy_topic', request.topic.replace('/', '_'))}</strong>
          <s-badge {...looks[request.state]}>{tCode('privacy_state', request.state)}</s-badge>
        </div>
        <p className="privacy-outcome">
          {request.outcome
            ? tCode('privacy_outcome', request.outcome)
            : t('privacy.due', { when: format.dateTime(request.due_at) })}
        </p>
        <p className="subdued hook-meta">
          <time dateTime={request.received_at} title={format.exact(request.received_at)}>
            {t('privacy.received', { when: format.dateTime(request.received_at) })}
          </time>
          {request.done_at && (
            <time dateTime={request.done_at} title={format.exact(request.done_at)}>
              {t('privacy.done', { when: format.dateTime(request.done_at) })}
            </time>
          )}
          {request.customer_id && <span>{t('privacy.customer', { id: request.customer_id })}</span>}
          {file && (
            <span>
              {t(file.downloaded_at ? 'privacy.kept' : 'privacy.fresh', {
                when: format.dateTime(file.expires_at),
              })}
            </span>
          )}
        </p>
      </div>
      {file && mayTake && (
        <s-button
          loading={busy === request.id}
          disabled={busy !== '' && busy !== request.id}
          accessibilityLabel={t('privacy.download_of', {
            when: format.dateTime(request.received_at),
          })}
          onClick={() => take(request)}
        >
          {t('privacy.download')}
        </s-button>
      )}
    </li>
  );
}

function Accesses() {
  const format = useFormat();
  const place = usePlace();
  const { data, error, stale, reload } = useResource<AccessLog>(listPath('access', place.query));
  if (error && !data) {
    return (
      <div className="inset">
        <Failed error={error} retry={() => void reload()} />
      </div>
    );
  }
  if (data === undefined) return <SkeletonRows rows={6} />;
  if (data.entries.length === 0) {
    return (
      <Empty icon="page" heading={t('privacy.unread')}>
        {t('privacy.unread_detail')}
      </Empty>
    );
  }
  return (
    <div className={stale ? 'dimmed' : undefined}>
      <ul className="plain-list ruled">
        {data.entries.map((entry) => (
          <li key={entry.id} className="hook">
            <div className="hook-main">
              <div className="hook-head">
                <strong>{tCode('privacy_route', routeName(entry))}</strong>
                {entry.people > 1 || entry.subject === '' ? (
                  <span>{t('privacy.people', { count: entry.people })}</span>
                ) : (
                  <span className="mono break">{entry.subject}</span>
                )}
              </div>
              <p className="subdued hook-meta">
                <time dateTime={entry.at}>{format.exact(entry.at)}</time>
                <span>{entry.staff || t('privacy.staff', { id: entry.staff_id })}</span>
              </p>
            </div>
          </li>
        ))}
      </ul>
      <div className="table-foot">
        <span className="subdued">{t('privacy.access_explain')}</span>
        <Pager known={filters} next={data.next_cursor} busy={stale} />
      </div>
    </div>
  );
}

/** /api/v1/messages/:id/preview → messages_preview; /api/v1/orders → orders_list */
function routeName({ route }: Access): string {
  const parts = route.replace('/api/v1/', '').split('/');
  if (parts.length === 1) return `${parts[0]}_list`;
  return parts.filter((part) => !part.startsWith(':')).join('_');
}

const looks = {
  received: { tone: 'info', icon: 'clock' },
  overdue: { tone: 'critical', icon: 'alert-circle' },
  done: { tone: 'success', icon: 'check-circle' },
} as const;
