import { useRef, useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { usePlace } from '../../shell/router';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { GiveUp } from './give-up';

export interface Operation {
  id: string;
  kind: string;
  order_id: string | null;
  amount: { minor: number; currency: string } | null;
  reason: string;
  attempts: number;
  in_doubt: boolean;
  created_at: string;
  sent_at: string | null;
}

interface Operations {
  operations: Operation[];
  next_cursor: string | null;
}

const FRESH = 5_000;

/** Calls to Shopify that were given up, each with the reason; tried again one by one. */
export default function OperationsScreen() {
  const place = usePlace();
  const format = useFormat();
  const cursor = place.query.get('cursor');
  const path = cursor ? `/operations?cursor=${encodeURIComponent(cursor)}` : '/operations';
  const { data, error, stale, reload } = useResource<Operations>(path, FRESH);
  const [busy, setBusy] = useState('');
  const [one, setOne] = useState<Operation | null>(null);
  const dialog = useRef<HTMLElementTagNameMap['s-modal']>(null);

  const retry = async (id: string) => {
    setBusy(id);
    try {
      await post(`/operations/${encodeURIComponent(id)}/retry`);
      toast(t('operations.retried'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy('');
      await reload();
    }
  };

  return (
    <Page heading={t('operations.title')}>
      <s-section padding="none" accessibilityLabel={t('operations.title')}>
        {error && !data ? (
          <div className="inset">
            <Failed error={error} retry={() => void reload()} />
          </div>
        ) : data === undefined ? (
          <SkeletonRows rows={4} />
        ) : data.operations.length === 0 ? (
          <Empty icon="check-circle" heading={t('operations.none')}>
            {t('operations.none_detail')}
          </Empty>
        ) : (
          <div className={stale ? 'dimmed' : undefined}>
            <ul className="plain-list ruled hooks">
              {data.operations.map((op) => (
                <li key={op.id} className="hook">
                  <div className="hook-main">
                    <div className="hook-head">
                      <strong>{tCode('operation', op.kind)}</strong>
                      {op.in_doubt && <s-badge tone="warning">{t('operations.in_doubt')}</s-badge>}
                      {op.amount && <span>{format.money(op.amount)}</span>}
                    </div>
                    <p className="reason break">{op.reason}</p>
                    <p className="subdued hook-meta">
                      <time dateTime={op.created_at} title={format.exact(op.created_at)}>
                        {op.sent_at
                          ? t('operations.sent', { when: format.relative(op.sent_at) })
                          : t('operations.planned', { when: format.relative(op.created_at) })}
                      </time>
                      {op.order_id && (
                        <s-link href={`/orders/${op.order_id}`}>{t('operations.order')}</s-link>
                      )}
                    </p>
                  </div>
                  <s-button
                    variant="tertiary"
                    disabled={busy !== ''}
                    accessibilityLabel={t('operations.give_up_one', {
                      kind: tCode('operation', op.kind),
                    })}
                    onClick={() => {
                      setOne(op);
                      dialog.current?.showOverlay();
                    }}
                  >
                    {t('operations.give_up')}
                  </s-button>
                  <s-button
                    disabled={busy !== ''}
                    loading={busy === op.id}
                    accessibilityLabel={t('operations.retry_one', {
                      kind: tCode('operation', op.kind),
                    })}
                    onClick={() => void retry(op.id)}
                  >
                    {t('operations.retry')}
                  </s-button>
                </li>
              ))}
            </ul>
            <div className="table-foot">
              <span className="subdued">{t('operations.explain')}</span>
              <Pager known={[]} next={data.next_cursor} busy={stale} />
            </div>
          </div>
        )}
      </s-section>
      <GiveUp dialog={dialog} one={one} done={reload} />
    </Page>
  );
}
