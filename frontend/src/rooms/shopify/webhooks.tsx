import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import type { Key } from '../../shell/strings';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Webhook, Webhooks } from './api';
import { filters, listPath, states } from './api';

const FRESH = 5_000;

/** What Shopify told us and we could not use, with the reason; retried one by one or all together. */
export default function WebhookScreen() {
  const place = usePlace();
  const { data, error, stale, reload } = useResource<Webhooks>(listPath(place.query), FRESH);
  const [busy, setBusy] = useState('');
  const state = place.query.get('state') || 'parked';
  const parked = data?.counts.parked ?? 0;

  const retry = async (
    id: string,
    path: string,
    done: (answer: { count?: number } | undefined) => string,
  ) => {
    setBusy(id);
    try {
      toast(done(await post<{ count?: number } | undefined>(path)));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy('');
      await reload();
    }
  };

  return (
    <Page
      heading={t('webhooks.title')}
      primary={
        <s-button
          slot="primary-action"
          variant="primary"
          disabled={parked === 0 || busy !== ''}
          loading={busy === 'all'}
          onClick={() =>
            void retry('all', '/webhooks/retry-parked', (answer) =>
              t('webhooks.retried_all', { count: answer?.count ?? parked }),
            )
          }
        >
          {t('webhooks.retry_all')}
        </s-button>
      }
    >
      <s-section padding="none" accessibilityLabel={t('webhooks.title')}>
        <div>
          <div className="filters filters-spread">
            <div className="segments" role="group" aria-label={t('webhooks.filter')}>
              {states.map((name) => (
                <button
                  key={name}
                  type="button"
                  className="segment"
                  aria-pressed={state === name}
                  onClick={() =>
                    void navigate(
                      withQuery(place, filters, { state: name === 'parked' ? '' : name }),
                    )
                  }
                >
                  <span>{tCode('webhook_state', name)}</span>
                  {data && name !== 'done' && <span className="count">{data.counts[name]}</span>}
                </button>
              ))}
            </div>
            <span className="subdued live-note">
              <span className="pulse" aria-hidden="true" />
              {t('webhooks.live')}
            </span>
          </div>
          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : data === undefined ? (
            <SkeletonRows rows={6} />
          ) : data.webhooks.length === 0 ? (
            <Empty icon="check-circle" heading={t(`webhooks.none_${state}` as Key)}>
              {t(`webhooks.none_${state}_detail` as Key)}
            </Empty>
          ) : (
            <div className={stale ? 'dimmed' : undefined}>
              <Rows
                webhooks={data.webhooks}
                busy={busy}
                retry={(hook) =>
                  void retry(hook.id, `/webhooks/${encodeURIComponent(hook.id)}/retry`, () =>
                    t('webhooks.retried', { topic: hook.topic }),
                  )
                }
              />
              <div className="table-foot">
                <span className="subdued">{t('webhooks.explain')}</span>
                <Pager known={filters} next={data.next_cursor} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
    </Page>
  );
}

interface RowsProps {
  webhooks: Webhook[];
  busy: string;
  retry: (hook: Webhook) => void;
}

function Rows({ webhooks, busy, retry }: RowsProps) {
  const format = useFormat();
  return (
    <ul className="plain-list ruled hooks">
      {webhooks.map((hook) => (
        <li key={hook.id} className="hook">
          <div className="hook-main">
            <div className="hook-head">
              <strong className="mono">{hook.topic}</strong>
              <s-badge {...looks[hook.state as keyof typeof looks]}>
                {tCode('webhook_state', hook.state)}
              </s-badge>
            </div>
            {hook.reason && <p className="reason break">{hook.reason}</p>}
            <p className="subdued hook-meta">
              <time dateTime={hook.received_at} title={format.exact(hook.received_at)}>
                {t('webhooks.received', { when: format.relative(hook.received_at) })}
              </time>
              <span>{t('webhooks.attempts', { count: hook.attempts })}</span>
              {hook.order_id && (
                <s-link href={`/orders/${hook.order_id}`}>{t('webhooks.order')}</s-link>
              )}
              <span className="mono break">{hook.event_id}</span>
            </p>
          </div>
          {hook.state === 'parked' && (
            <s-button
              loading={busy === hook.id}
              disabled={busy !== '' && busy !== hook.id}
              accessibilityLabel={t('webhooks.retry_one', { topic: hook.topic })}
              onClick={() => retry(hook)}
            >
              {t('action.retry')}
            </s-button>
          )}
        </li>
      ))}
    </ul>
  );
}

const looks = {
  parked: { tone: 'critical', icon: 'alert-circle' },
  waiting: { tone: 'info', icon: 'clock' },
  done: { tone: 'success', icon: 'check-circle' },
} as const;
