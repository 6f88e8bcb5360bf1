import { lazy, Suspense, useEffect } from 'react';
import { serverSaid } from '../../shell/now';
import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { useSession } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Home } from './api';
import { AttentionList } from './attention';
import { History } from './history';
import { ProgressStrip } from './progress';
import { SetupList } from './setup';
import { Tiles } from './tiles';

const FRESH = 15_000;

// The drawing code is a fifth of the first screen's; the figures come before it.
const DailyChart = lazy(() => import('../../charts/daily-chart'));

/** How the day goes, and what wants a hand. */
export default function HomeScreen() {
  const { session } = useSession();
  const { data, error, reload } = useResource<Home>('/home', FRESH);
  const time = data?.now;

  useEffect(() => {
    if (time) serverSaid(time);
  }, [time]);

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
          {data ? <Below home={data} /> : <Coming />}
        </>
      )}
    </Page>
  );
}

/** One block while the rest is coming: nothing has to move when it is there. */
function Coming() {
  return (
    <s-section>
      <Skeleton lines={12} height={520} />
    </s-section>
  );
}

function Below({ home }: { home: Home }) {
  const calm = home.attention.length === 0;
  return (
    <>
      {!calm && <AttentionList items={home.attention} />}
      <SetupList setup={home.setup} />
      <s-section heading={t('home.chart.title')}>
        <div className="chart-room">
          <Suspense fallback={<Skeleton lines={6} />}>
            <DailyChart days={home.days} />
          </Suspense>
        </div>
      </s-section>
      {calm && <AttentionList items={home.attention} />}
      <History />
    </>
  );
}
