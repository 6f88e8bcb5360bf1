import { useResource } from '../../shell/resource';
import { Format } from '../../shell/format';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Entry, Timeline } from './api';

const FRESH = 5_000;

const icons = {
  fact: 'flag',
  mail: 'email',
  job: 'automation',
  webhook: 'incoming',
  change: 'edit',
} as const;

const tones = {
  done: 'success',
  waiting: 'info',
  failed: 'critical',
  stopped: 'warning',
} as const;

/** Everything that happened with an order, newest first, a heading for each day. */
export function OrderTimeline({ path }: { path: string }) {
  const shop = useFormat();
  const { data, error, reload } = useResource<Timeline>(path, FRESH);
  const format = data ? new Format(shop.locale, data.timezone) : shop;
  return (
    <s-section heading={t('timeline.title')}>
      {error && <Failed error={error} retry={() => void reload()} />}
      {!data && !error && <Skeleton lines={6} height={320} />}
      {data && (
        <>
          <p className="subdued timeline-zone">
            {t('timeline.zone', { zone: data.timezone.replaceAll('_', ' ') })}
          </p>
          {data.entries.length === 0 ? (
            <p className="subdued">{t('timeline.empty')}</p>
          ) : (
            <ol className="timeline">
              {byDay(data.entries, format).map(({ day, entries }) => (
                <li key={day}>
                  <h3 className="timeline-day">{day}</h3>
                  <ol className="timeline-entries">
                    {entries.map((entry, i) => (
                      <Line key={`${entry.at}-${i}`} entry={entry} format={format} />
                    ))}
                  </ol>
                </li>
              ))}
            </ol>
          )}
        </>
      )}
    </s-section>
  );
}

function Line({ entry, format }: { entry: Entry; format: Format }) {
  const href = target(entry.ref);
  return (
    <li className={`event event-${entry.state}`}>
      <span className="event-icon">
        <s-icon
          type={icons[entry.kind as keyof typeof icons] ?? 'info'}
          tone={tones[entry.state as keyof typeof tones] ?? 'neutral'}
        />
      </span>
      <span className="event-text">
        <span className="event-title">
          <span className="unseen">{tCode('timeline.kind', entry.kind)}: </span>
          {href ? <s-link href={href}>{entry.title}</s-link> : <span>{entry.title}</span>}
          {entry.state !== 'done' && (
            <s-badge tone={tones[entry.state as keyof typeof tones] ?? 'neutral'}>
              {tCode('timeline.state', entry.state)}
            </s-badge>
          )}
        </span>
        {entry.detail && <span className="subdued break">{entry.detail}</span>}
      </span>
      <time className="subdued event-time" dateTime={entry.at} title={format.exact(entry.at)}>
        {format.time(entry.at)}
      </time>
    </li>
  );
}

function target(ref: Entry['ref']): string | null {
  if (ref === null) return null;
  if (ref.type === 'message') return `/messages/${encodeURIComponent(ref.id)}`;
  if (ref.type === 'webhook') return '/webhooks?state=done';
  return null;
}

/** Days newest first, and within a day the newest entry first. */
export function byDay(entries: Entry[], format: Format): { day: string; entries: Entry[] }[] {
  const days: { day: string; entries: Entry[] }[] = [];
  const newestFirst = [...entries].reverse().sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  for (const entry of newestFirst) {
    const day = format.day(entry.at);
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, entries: [entry] });
  }
  return days;
}
