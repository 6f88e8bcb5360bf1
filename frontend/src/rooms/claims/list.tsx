import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { filters, states, tones } from './api';
import type { Claim } from './api';

const FRESH = 10_000;

/** What shoppers say was delivered and is not there. */
export default function ClaimsScreen() {
  const place = usePlace();
  const state = place.query.get('state') ?? '';
  const asked = new URLSearchParams();
  for (const name of ['state', 'cursor']) {
    const value = place.query.get(name);
    if (value) asked.set(name, value);
  }
  const { data, error, busy, stale, reload } = useResource<{
    claims: Claim[];
    next_cursor: string | null;
  }>(`/claims${asked.size > 0 ? `?${asked}` : ''}`, FRESH);
  return (
    <Page
      heading={t('claims.title')}
      actions={
        <s-button slot="secondary-actions" href="/makegood">
          {t('claims.settings')}
        </s-button>
      }
    >
      <s-section padding="none" accessibilityLabel={t('claims.title')}>
        <div>
          <div className="filters" role="search" aria-label={t('claims.filters')}>
            <s-select
              label={t('claims.column.state')}
              labelAccessibilityVisibility="exclusive"
              value={state}
              onChange={(event) =>
                void navigate(withQuery(place, filters, { state: event.currentTarget.value }), {
                  replace: true,
                })
              }
            >
              <s-option value="">{t('claims.any_state')}</s-option>
              {states.map((s) => (
                <s-option key={s} value={s}>
                  {tCode('claim_state', s)}
                </s-option>
              ))}
            </s-select>
          </div>
          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : data === undefined ? (
            <SkeletonRows rows={8} />
          ) : data.claims.length === 0 ? (
            <Empty
              icon={state ? 'search' : 'check-circle'}
              heading={t(state ? 'claims.none_found' : 'claims.none')}
            >
              {t(state ? 'claims.none_found_detail' : 'claims.none_detail')}
            </Empty>
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              <Rows claims={data.claims} />
              <div className="table-foot">
                <span className="subdued">{t('claims.newest_first')}</span>
                <Pager known={filters} next={data.next_cursor} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
    </Page>
  );
}

function Rows({ claims }: { claims: Claim[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('claims.column.claim')}</s-table-header>
        <s-table-header listSlot="inline">{t('claims.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('claims.column.order')}</s-table-header>
        <s-table-header listSlot="labeled">{t('claims.column.due')}</s-table-header>
        <s-table-header listSlot="kicker">{t('claims.column.made')}</s-table-header>
      </s-table-header-row>
      <s-table-body>
        {claims.map((c) => (
          <s-table-row key={c.id} clickDelegate={`claim-${c.id}`}>
            <s-table-cell>
              <s-link id={`claim-${c.id}`} href={`/claims/${encodeURIComponent(c.id)}`}>
                {c.reference}
              </s-link>
              {c.photos_count > 0 && (
                <span className="subdued"> {t('claims.photos', { count: c.photos_count })}</span>
              )}
            </s-table-cell>
            <s-table-cell>
              <span className="badges">
                <s-badge tone={tones[c.state] ?? 'neutral'}>
                  {tCode('claim_state', c.state)}
                </s-badge>
                {c.overdue && <s-badge tone="critical">{t('claims.overdue')}</s-badge>}
              </span>
            </s-table-cell>
            <s-table-cell>
              <s-link href={`/orders/${c.order_id}`}>{c.order_name || c.order_id}</s-link>
            </s-table-cell>
            <s-table-cell>
              {c.state === 'review'
                ? format.date(c.due_at)
                : c.state === 'waiting'
                  ? t('claims.by_rules', { when: format.dateTime(c.wait_until) })
                  : '–'}
            </s-table-cell>
            <s-table-cell>
              <time dateTime={c.made_at} title={format.exact(c.made_at)}>
                {format.listTime(c.made_at)}
              </time>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}
