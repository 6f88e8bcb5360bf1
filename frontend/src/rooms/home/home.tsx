import { DailyChart } from '../../charts/daily-chart';
import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { useSession } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Home } from './api';
import { AttentionList } from './attention';
import { ProgressStrip } from './progress';
import { SetupList } from './setup';
import { Tiles } from './tiles';

const FRESH = 15_000;

/** How the day goes, and what wants a hand. */
export default function HomeScreen() {
  const { session } = useSession();
  const { data, error, reload } = useResource<Home>('/home', FRESH);
  const open = data?.setup.some((step) => !step.done) ?? false;

  return (
    <Page
      heading={t('home.title')}
      actions={
        session.mailbox_url ? (
          <s-button
            slot="secondary-actions"
            icon="email"
            href={session.mailbox_url}
            target="_blank"
          >
            {t('home.mailbox')}
          </s-button>
        ) : undefined
      }
    >
      {error && <Failed error={error} retry={() => void reload()} />}
      {!(error && !data) && (
        <>
          <ProgressStrip />
          <Tiles today={data?.today} />
          {open && data && <SetupList steps={data.setup} />}
          <AttentionList items={data?.attention} />
          <s-section heading={t('home.chart.title')}>
            {data ? <DailyChart days={data.days} /> : <Skeleton lines={6} height={312} />}
          </s-section>
          {!open && data && <SetupList steps={data.setup} />}
        </>
      )}
    </Page>
  );
}
