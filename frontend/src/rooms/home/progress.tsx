import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { t } from '../../shell/strings';
import type { Progress } from './api';

const FRESH = 5_000;

/** One line that says whether work is flowing; it keeps its height in every state. */
export function ProgressStrip() {
  const format = useFormat();
  const { data, error } = useResource<Progress>('/progress', FRESH);
  if (error && !data) return <div className="strip" />;
  const waiting = data ? data.jobs.waiting + data.inbox.waiting : 0;
  const moving = data ? waiting + data.jobs.running > 0 : false;
  const parked = data ? data.jobs.parked + data.inbox.parked : 0;
  return (
    <div className="strip">
      <span className={moving ? 'pulse pulse-busy' : 'pulse'} aria-hidden="true" />
      <span>
        {data
          ? moving
            ? t('home.progress.busy', { waiting, running: data.jobs.running })
            : t('home.progress.idle')
          : t('state.loading')}
      </span>
      {parked > 0 && <a href="/webhooks">{t('home.progress.parked', { count: parked })}</a>}
      {data?.reconcile.last_at && (
        <span className="subdued strip-end">
          {t('home.progress.checked', { when: format.relative(data.reconcile.last_at) })}
        </span>
      )}
    </div>
  );
}
