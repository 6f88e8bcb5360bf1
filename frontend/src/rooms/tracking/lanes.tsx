import { useFormat } from '../../shell/session';
import { Empty } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Lane } from './api';

/** How long each carrier takes to each country: the bar is the median, the text says it too. */
export function Lanes({ lanes }: { lanes: Lane[] }) {
  const format = useFormat();
  const most = Math.max(1, ...lanes.map((lane) => lane.median_hours));
  const days = (hours: number) => t('tracking.lane.days', { days: format.number(round(hours)) });
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  return (
    <s-section heading={t('tracking.lanes')}>
      {lanes.length === 0 ? (
        <Empty icon="order" heading={t('tracking.lanes_none')}>
          {t('tracking.lanes_none_detail')}
        </Empty>
      ) : (
        <>
          <p className="subdued">{t('tracking.lanes_detail')}</p>
          <ul className="plain-list lanes">
            {lanes.map((lane) => (
              <li key={`${lane.carrier} ${lane.country}`} className="lane">
                <span className="lane-name">
                  {lane.carrier_name || t('tracking.lane.other')} →{' '}
                  {lane.country ? names.of(lane.country) : t('tracking.lane.nowhere')}
                </span>
                <span className="lane-track" aria-hidden="true">
                  <span
                    className="lane-bar"
                    style={{ inlineSize: `${Math.max(2, (100 * lane.median_hours) / most)}%` }}
                  />
                </span>
                <span className="lane-figure">
                  {days(lane.median_hours)}{' '}
                  <span className="subdued">
                    {t('tracking.lane.parcels', { count: lane.parcels })}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </s-section>
  );
}

/** Days with one digit, as long as that says something. */
function round(hours: number): number {
  return Math.round(hours / 2.4) / 10;
}
