import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useFormat } from '../../shell/session';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';

export interface Import {
  id: string;
  what: 'orders' | 'customers' | 'products';
  state: 'planned' | 'running' | 'downloading' | 'done' | 'failed' | 'cancelled';
  total: number;
  done: number;
  written: number;
  parked: number;
  per_second: number;
  seconds_left: number | null;
  reason: string | null;
  updated_at: string;
  ended_at: string | null;
  lines: { object: string; reason: string }[];
}

export const active = (one: Import) =>
  one.state === 'planned' || one.state === 'running' || one.state === 'downloading';

const looks = {
  planned: { tone: 'info', icon: 'clock' },
  running: { tone: 'info', icon: 'clock' },
  downloading: { tone: 'info', icon: 'clock' },
  done: { tone: 'success', icon: 'check-circle' },
  failed: { tone: 'critical', icon: 'alert-circle' },
  cancelled: { tone: 'warning', icon: 'alert-circle' },
} as const;

interface Props {
  imports: Import[];
  reload: () => Promise<void>;
}

/** Each import with its bar, what it does, and what can be done about it. */
export function ImportList({ imports, reload }: Props) {
  const [busy, setBusy] = useState('');

  const ask = async (one: Import, path: string, body?: unknown) => {
    setBusy(one.id);
    try {
      await post(path, body ?? {});
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy('');
      await reload();
    }
  };

  return (
    <ul className="plain-list ruled hooks">
      {imports.map((one) => (
        <li key={one.what} className="hook">
          <div className="hook-main">
            <div className="hook-head">
              <strong>{tCode('import_what', one.what)}</strong>
              <s-badge {...looks[one.state]}>{tCode('import_state', one.state)}</s-badge>
            </div>
            {active(one) && <Bar one={one} />}
            <Words one={one} />
          </div>
          {active(one) ? (
            <s-button
              loading={busy === one.id}
              accessibilityLabel={t('imports.stop_one', { what: tCode('import_what', one.what) })}
              onClick={() => void ask(one, `/imports/${encodeURIComponent(one.id)}/cancel`)}
            >
              {t('imports.stop')}
            </s-button>
          ) : (
            <s-button
              loading={busy === one.id}
              accessibilityLabel={t('imports.again_one', { what: tCode('import_what', one.what) })}
              onClick={() => void ask(one, '/imports', { what: one.what })}
            >
              {t(one.state === 'done' ? 'imports.again' : 'imports.go_on')}
            </s-button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Bar({ one }: { one: Import }) {
  const part = one.state === 'downloading' && one.total > 0 ? one.done / one.total : 0;
  const percent = Math.min(100, Math.floor(100 * part));
  return (
    <div
      className="import-bar"
      role="progressbar"
      aria-label={tCode('import_what', one.what)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}

function Words({ one }: { one: Import }) {
  const format = useFormat();
  const counts = {
    done: format.number(one.done),
    total: format.number(one.total),
  };
  return (
    <>
      {one.reason && <p className="reason break">{one.reason}</p>}
      <p className="subdued hook-meta">
        {one.state === 'downloading' ? (
          <span>{t('imports.count', counts)}</span>
        ) : active(one) ? (
          <span>{t('imports.prepared')}</span>
        ) : (
          <span>{t('imports.read', counts)}</span>
        )}
        {one.state === 'downloading' && one.per_second > 0 && (
          <span>{t('imports.pace', { number: format.number(Math.round(one.per_second)) })}</span>
        )}
        {one.seconds_left !== null && (
          <span>{t('imports.left', { time: format.duration(1000 * one.seconds_left) })}</span>
        )}
        {one.ended_at && (
          <time dateTime={one.ended_at} title={format.exact(one.ended_at)}>
            {format.relative(one.ended_at)}
          </time>
        )}
      </p>
      {one.parked > 0 && (
        <details>
          <summary>{t('imports.parked', { count: one.parked })}</summary>
          <ul className="subdued">
            {one.lines.map((line, i) => (
              <li key={i} className="break">
                {line.object && <span className="mono">{line.object} </span>}
                {line.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
