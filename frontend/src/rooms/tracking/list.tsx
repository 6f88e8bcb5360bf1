import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { Search } from '../../shell/search';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Overview, Parcel, Parcels } from './api';
import { filters, listPath, views } from './api';
import { ParcelState } from './badge';
import { Lanes } from './lanes';

const FRESH = 15_000;

/** The lists that want somebody's hand when they are not empty. */
const troubles: readonly string[] = ['late', 'stalled', 'problems'];

/** Where all parcels are: how many of each, how the lanes do, and each one. */
export default function TrackingScreen() {
  const place = usePlace();
  const overview = useResource<Overview>('/tracking', FRESH);
  const { data, error, busy, stale, reload } = useResource<Parcels>(listPath(place.query), FRESH);
  const value = (name: string) => place.query.get(name) ?? '';
  const set = (name: string, to: string) => {
    if (value(name) !== to)
      void navigate(withQuery(place, filters, { [name]: to }), { replace: true });
  };
  const filtered = filters.some((name) => value(name) !== '');
  return (
    <Page
      heading={t('tracking.title')}
      primary={
        <s-button slot="secondary-actions" href="/notifications">
          {t('notifications.title')}
        </s-button>
      }
    >
      <s-section accessibilityLabel={t('tracking.figures')} padding="none">
        <ul className="tiles tiles-six" aria-busy={overview.data === undefined}>
          {views.map((view) => (
            <li key={view}>
              <a
                className={
                  troubles.includes(view) && overview.data?.counts[view] ? 'tile tile-care' : 'tile'
                }
                href={`/tracking?view=${view}`}
              >
                <span className="tile-label">{tCode('tracking_view', view)}</span>
                <span className="tile-value">
                  {overview.data ? overview.data.counts[view] : <span className="blank" />}
                </span>
                <span className="tile-note">{tCode('tracking_view_note', view)}</span>
              </a>
            </li>
          ))}
        </ul>
      </s-section>
      <s-section padding="none" accessibilityLabel={t('tracking.list')}>
        <div>
          <div className="filters" role="search" aria-label={t('tracking.filters')}>
            <div className="filter-search">
              <Search
                label={t('tracking.search')}
                placeholder={t('tracking.search_hint')}
                value={value('q')}
                onSearch={(text) => set('q', text)}
              />
            </div>
            <s-select
              label={t('tracking.filter')}
              labelAccessibilityVisibility="exclusive"
              value={value('view')}
              onChange={(event) => set('view', event.currentTarget.value)}
            >
              <s-option value="">{t('tracking.all')}</s-option>
              {views.map((view) => (
                <s-option key={view} value={view}>
                  {tCode('tracking_view', view)}
                </s-option>
              ))}
            </s-select>
            {filtered && (
              <s-button
                variant="tertiary"
                onClick={() => void navigate(place.path, { replace: true })}
              >
                {t('action.clear')}
              </s-button>
            )}
          </div>
          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : data === undefined ? (
            <SkeletonRows rows={8} />
          ) : data.parcels.length === 0 ? (
            <Empty
              icon={filtered ? 'search' : 'order'}
              heading={t(filtered ? 'tracking.none_found' : 'tracking.none')}
            >
              {t(filtered ? 'tracking.none_found_detail' : 'tracking.none_detail')}
            </Empty>
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              <Rows parcels={data.parcels} />
              <div className="table-foot">
                <span className="subdued">{t('tracking.newest_first')}</span>
                <Pager known={filters} next={data.next_cursor} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
      <Lanes />
    </Page>
  );
}

function Rows({ parcels }: { parcels: Parcel[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('tracking.column.parcel')}</s-table-header>
        <s-table-header listSlot="inline">{t('tracking.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('tracking.column.carrier')}</s-table-header>
        <s-table-header listSlot="labeled">{t('tracking.column.country')}</s-table-header>
        <s-table-header listSlot="labeled">{t('tracking.column.expected')}</s-table-header>
        <s-table-header listSlot="kicker">{t('tracking.column.shipped')}</s-table-header>
      </s-table-header-row>
      <s-table-body>
        {parcels.map((parcel) => (
          <s-table-row key={parcel.id} clickDelegate={`parcel-${parcel.id}`}>
            <s-table-cell>
              <s-link id={`parcel-${parcel.id}`} href={`/tracking/${parcel.id}`}>
                {parcel.name || parcel.order_name || parcel.id}
              </s-link>
            </s-table-cell>
            <s-table-cell>
              <ParcelState parcel={parcel} />
            </s-table-cell>
            <s-table-cell>
              <bdi>{parcel.carrier || '–'}</bdi>
            </s-table-cell>
            <s-table-cell>{parcel.country ? format.country(parcel.country) : '–'}</s-table-cell>
            <s-table-cell>
              {parcel.expected_until ? format.date(parcel.expected_until) : '–'}
            </s-table-cell>
            <s-table-cell>
              <time dateTime={parcel.shipped_at} title={format.exact(parcel.shipped_at)}>
                {format.listTime(parcel.shipped_at)}
              </time>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}
