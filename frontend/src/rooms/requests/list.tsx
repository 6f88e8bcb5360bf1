import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Kind, Problem, Problems, Withdrawal, Withdrawals } from './api';
import { filters, kindOf, listPath, states } from './api';
import { ProblemBadge, WithdrawalBadges } from './badges';

const FRESH = 15_000;
const kinds: Kind[] = ['withdrawals', 'problems'];

/** What shoppers declare and report: withdrawals on one list, problems on the other. */
export default function RequestsScreen() {
  const place = usePlace();
  const kind = kindOf(place.query);
  const { data, error, busy, stale, reload } = useResource<Partial<Withdrawals & Problems>>(
    listPath(place.query),
    FRESH,
  );
  const state = place.query.get('state') ?? '';
  const set = (values: Record<string, string>) =>
    void navigate(withQuery(place, filters, values), { replace: true });
  const rows = kind === 'problems' ? data?.problems : data?.withdrawals;
  return (
    <Page heading={t('requests.title')}>
      <s-section padding="none" accessibilityLabel={t(`requests.${kind}`)}>
        <div>
          <div className="filters" role="search" aria-label={t('requests.filters')}>
            <s-button-group gap="none" accessibilityLabel={t('requests.kinds')}>
              {kinds.map((k) => (
                <s-button
                  key={k}
                  slot="secondary-actions"
                  variant={k === kind ? 'primary' : 'secondary'}
                  onClick={() => set({ kind: k === 'withdrawals' ? '' : k, state: '' })}
                >
                  {t(`requests.${k}`)}
                </s-button>
              ))}
            </s-button-group>
            <s-select
              label={t('requests.filter.state')}
              labelAccessibilityVisibility="exclusive"
              value={state}
              onChange={(event) => set({ state: event.currentTarget.value })}
            >
              <s-option value="">{t('requests.any_state')}</s-option>
              {states[kind].map((s) => (
                <s-option key={s} value={s}>
                  {tCode(kind === 'problems' ? 'problem_state' : 'withdrawal_state', s)}
                </s-option>
              ))}
            </s-select>
          </div>
          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : rows === undefined ? (
            <SkeletonRows rows={8} />
          ) : rows.length === 0 ? (
            <Empty
              icon={state ? 'search' : 'check-circle'}
              heading={t(state ? 'requests.none_found' : `requests.none_${kind}`)}
            >
              {t(state ? 'requests.none_found_detail' : `requests.none_${kind}_detail`)}
            </Empty>
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              {kind === 'problems' ? (
                <ProblemRows rows={rows as Problem[]} />
              ) : (
                <WithdrawalRows rows={rows as Withdrawal[]} />
              )}
              <div className="table-foot">
                <span className="subdued">{t('requests.newest_first')}</span>
                <Pager known={filters} next={data?.next_cursor ?? null} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
    </Page>
  );
}

function WithdrawalRows({ rows }: { rows: Withdrawal[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('requests.column.who')}</s-table-header>
        <s-table-header listSlot="inline">{t('requests.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('requests.column.order')}</s-table-header>
        <s-table-header listSlot="labeled">{t('requests.column.refund_by')}</s-table-header>
        <s-table-header listSlot="kicker">{t('requests.column.received')}</s-table-header>
      </s-table-header-row>
      <s-table-body>
        {rows.map((w) => (
          <s-table-row key={w.id} clickDelegate={`request-${w.id}`}>
            <s-table-cell>
              <s-link id={`request-${w.id}`} href={`/requests/${encodeURIComponent(w.id)}`}>
                <bdi>{w.name || w.reference}</bdi>
              </s-link>
            </s-table-cell>
            <s-table-cell>
              <WithdrawalBadges withdrawal={w} />
            </s-table-cell>
            <s-table-cell>
              {w.order_id ? (
                <s-link href={`/orders/${w.order_id}`}>{w.order_name}</s-link>
              ) : (
                <bdi className="subdued">{w.typed_order || '–'}</bdi>
              )}
            </s-table-cell>
            <s-table-cell>
              {w.refunded_at || (w.state === 'answered' && !w.accepted)
                ? '–'
                : format.civil(w.refund_by)}
            </s-table-cell>
            <s-table-cell>
              <time dateTime={w.received_at} title={format.exact(w.received_at)}>
                {format.listTime(w.received_at)}
              </time>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}

function ProblemRows({ rows }: { rows: Problem[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('requests.column.problem')}</s-table-header>
        <s-table-header listSlot="inline">{t('requests.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('requests.column.order')}</s-table-header>
        <s-table-header listSlot="labeled">{t('requests.column.proposal')}</s-table-header>
        <s-table-header listSlot="kicker">{t('requests.column.received')}</s-table-header>
      </s-table-header-row>
      <s-table-body>
        {rows.map((p) => (
          <s-table-row key={p.id} clickDelegate={`request-${p.id}`}>
            <s-table-cell>
              <s-link id={`request-${p.id}`} href={`/requests/${encodeURIComponent(p.id)}`}>
                {tCode('problem_kind', p.kind)}
              </s-link>
              {p.photos_count > 0 && (
                <span className="subdued"> {t('requests.photos', { count: p.photos_count })}</span>
              )}
            </s-table-cell>
            <s-table-cell>
              <ProblemBadge state={p.state} />
            </s-table-cell>
            <s-table-cell>
              <s-link href={`/orders/${p.order_id}`}>{p.order_name}</s-link>
            </s-table-cell>
            <s-table-cell>{tCode('proposal', p.proposal)}</s-table-cell>
            <s-table-cell>
              <time dateTime={p.reported_at} title={format.exact(p.reported_at)}>
                {format.listTime(p.reported_at)}
              </time>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}
