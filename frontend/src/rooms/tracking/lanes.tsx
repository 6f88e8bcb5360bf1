import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Empty, Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Lane } from './api';

/**
 * How long parcels take on each lane: a bar from the fastest day that is promised to
 * the slowest, on one scale, with the middle marked; beside it how often that came
 * true. The words say all that the picture does.
 */
export function Lanes() {
  const { data, error, reload } = useResource<{ lanes: Lane[] }>('/tracking/lanes');
  const lanes = data?.lanes;
  return (
    <s-section heading={t('tracking.lanes')}>
      {error && !lanes ? (
        <Failed error={error} retry={() => void reload()} />
      ) : lanes === undefined ? (
        <Skeleton lines={4} height={180} />
      ) : lanes.length === 0 ? (
        <Empty icon="order" heading={t('tracking.lanes_none')}>
          {t('tracking.lanes_none_detail')}
        </Empty>
      ) : (
        <>
          <p className="subdued">{t('tracking.lanes_detail')}</p>
          <Picture lanes={lanes} />
        </>
      )}
    </s-section>
  );
}

function Picture({ lanes }: { lanes: Lane[] }) {
  const longest = Math.max(1, ...lanes.map((lane) => lane.until_days));
  const step = Math.max(1, Math.ceil(longest / 6));
  const scale = Math.ceil(longest / step) * step;
  const ticks = Array.from({ length: scale / step + 1 }, (_, i) => i * step);
  return (
    <ul className="plain-list lanes">
      <li className="lane lane-scale" aria-hidden="true">
        <span className="lane-track">
          {ticks.map((tick) => (
            <span
              key={tick}
              className="lane-tick"
              style={{ insetInlineStart: `${(100 * tick) / scale}%` }}
            >
              {tick}
            </span>
          ))}
        </span>
      </li>
      {lanes.map((lane) => (
        <Row
          key={`${lane.carrier} ${lane.origin} ${lane.destination}`}
          lane={lane}
          scale={scale}
          ticks={ticks.length - 1}
        />
      ))}
    </ul>
  );
}

function Row({ lane, scale, ticks }: { lane: Lane; scale: number; ticks: number }) {
  const format = useFormat();
  const to = lane.destination ? format.country(lane.destination) : t('tracking.lane.nowhere');
  const kept = lane.scored >= 20 ? lane.kept / lane.scored : undefined;
  return (
    <li className="lane">
      <span className="lane-name">
        <strong>{lane.carrier || t('tracking.lane.other')}</strong>
        <span className="subdued">
          {lane.origin
            ? t('tracking.lane.route', { from: format.country(lane.origin), to })
            : t('tracking.lane.to', { to })}
        </span>
      </span>
      <span
        className="lane-track"
        aria-hidden="true"
        style={{ backgroundSize: `${100 / ticks}% 100%` }}
      >
        {lane.until_days > lane.from_days && (
          <span
            className={lane.learnt ? 'lane-bar' : 'lane-bar lane-few'}
            style={{
              insetInlineStart: `${(100 * lane.from_days) / scale}%`,
              inlineSize: `${(100 * (lane.until_days - lane.from_days)) / scale}%`,
            }}
          />
        )}
        <span
          className="lane-middle"
          style={{ insetInlineStart: `${(100 * lane.median_days) / scale}%` }}
        />
      </span>
      <span className="lane-figure">
        <strong>
          {lane.from_days === lane.until_days
            ? t('tracking.lane.day', { days: lane.from_days })
            : t('tracking.lane.span', {
                from: format.number(lane.from_days),
                until: format.number(lane.until_days),
              })}
        </strong>
        <span className="subdued">
          {t(lane.learnt ? 'tracking.lane.learnt' : 'tracking.lane.prior', {
            count: lane.parcels,
          })}
        </span>
      </span>
      <span className="lane-hits">
        {kept === undefined ? (
          <span className="subdued">{t('tracking.lane.unscored', { count: lane.scored })}</span>
        ) : (
          <>
            <s-badge tone={kept >= 0.8 ? 'success' : 'warning'}>
              {t('tracking.lane.kept', { percent: format.number(Math.floor(100 * kept)) })}
            </s-badge>
            <span className="subdued">{t('tracking.lane.scored', { count: lane.scored })}</span>
          </>
        )}
        <span className="subdued">
          {t(lane.quiet_learnt ? 'tracking.lane.quiet' : 'tracking.lane.quiet_prior', {
            days: format.number(Math.round(lane.quiet_hours / 2.4) / 10),
          })}
        </span>
      </span>
    </li>
  );
}
