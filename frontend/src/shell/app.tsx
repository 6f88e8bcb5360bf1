import type { ComponentType } from 'react';
import { Component, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { Format } from './format';
import { Page } from './page';
import { useResource } from './resource';
import { usePlace } from './router';
import type { ScreenProps } from './screen';
import { match } from './routes';
import type { Session } from './session';
import { SessionContext, useSession } from './session';
import { NotAllowed, OnlyLooking } from './allowed';
import { Failed, SkeletonRows } from './states';
import { t } from './strings';

const home = { rel: 'home' as const };

export function App() {
  return (
    <>
      <Nav />
      <main>
        <Guarded>
          <WithSession>
            <Screen />
          </WithSession>
        </Guarded>
        <div id="announcer" className="unseen" aria-live="polite" />
        <div id="toasts" />
      </main>
    </>
  );
}

/** Links to what one may see; all of them until it is known who is looking. */
function Nav() {
  const { data } = useResource<Session>('/session');
  const shown = (path: string) =>
    !data || data.user.permissions.includes(match(path)?.route.needs ?? '');
  return (
    <s-app-nav>
      <s-link href="/" {...home}>
        {t('nav.home')}
      </s-link>
      {shown('/orders') && <s-link href="/orders">{t('nav.orders')}</s-link>}
      {shown('/tracking') && <s-link href="/tracking">{t('nav.tracking')}</s-link>}
      {shown('/requests') && <s-link href="/requests">{t('nav.requests')}</s-link>}
      {shown('/claims') && <s-link href="/claims">{t('nav.claims')}</s-link>}
      {shown('/messages') && <s-link href="/messages">{t('nav.messages')}</s-link>}
      {shown('/confirmation') && <s-link href="/confirmation">{t('nav.confirmation')}</s-link>}
      {shown('/policy') && <s-link href="/policy">{t('nav.policy')}</s-link>}
      {shown('/changes') && <s-link href="/changes">{t('nav.changes')}</s-link>}
      {shown('/makegood') && <s-link href="/makegood">{t('nav.makegood')}</s-link>}
      {shown('/webhooks') && <s-link href="/webhooks">{t('nav.webhooks')}</s-link>}
      {shown('/privacy') && <s-link href="/privacy">{t('nav.privacy')}</s-link>}
      {shown('/staff') && <s-link href="/staff">{t('nav.staff')}</s-link>}
      {shown('/settings') && <s-link href="/settings">{t('nav.settings')}</s-link>}
    </s-app-nav>
  );
}

function WithSession({ children }: { children: ReactNode }) {
  const { data, error, reload } = useResource<Session>('/session');
  const context = useMemo(() => {
    if (!data) return null;
    const locale = typeof shopify === 'undefined' ? 'en' : (shopify.config?.locale ?? 'en');
    return { session: data, format: new Format(locale, data.shop.timezone), reload };
  }, [data, reload]);
  if (context) return <SessionContext value={context}>{children}</SessionContext>;
  return (
    <s-page>{error ? <Failed error={error} retry={() => void reload()} /> : <Waiting />}</s-page>
  );
}

function Waiting() {
  return (
    <s-section>
      <SkeletonRows rows={10} />
    </s-section>
  );
}

/** The code of a screen comes when it is first opened. */
function Screen() {
  const { path } = usePlace();
  const found = match(path);
  const { permissions } = useSession().session.user;
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const load = found?.route.load;

  useEffect(() => {
    let current = true;
    load?.()
      .then((module) => current && setLoaded({ load, Screen: module.default, failed: false }))
      .catch(() => current && setLoaded({ load, Screen: Unloadable, failed: true }));
    return () => {
      current = false;
    };
  }, [load]);

  if (!found) return <NoSuchScreen />;
  if (!permissions.includes(found.route.needs)) return <NotAllowed needs={found.route.needs} />;
  if (loaded === null || loaded.load !== load) {
    return (
      <s-page>
        <Waiting />
      </s-page>
    );
  }
  const { changes } = found.route;
  return (
    <>
      {changes && !permissions.includes(changes) && <OnlyLooking needs={changes} />}
      <loaded.Screen key={path} id={found.id} />
    </>
  );
}

interface Loaded {
  load: (() => Promise<unknown>) | undefined;
  Screen: ComponentType<ScreenProps>;
  failed: boolean;
}

/** A deploy replaced the file this tab still asks for: a reload brings the new one. */
function Unloadable() {
  return (
    <Page heading={t('error.title')}>
      <s-banner tone="warning" heading={t('error.outdated_title')}>
        <s-paragraph>{t('error.outdated')}</s-paragraph>
        <s-button slot="secondary-actions" onClick={() => window.location.reload()}>
          {t('action.reload')}
        </s-button>
      </s-banner>
    </Page>
  );
}

function NoSuchScreen() {
  return (
    <Page heading={t('error.missing_title')}>
      <s-section>
        <s-paragraph>{t('error.no_screen')}</s-paragraph>
        <s-button href="/">{t('action.home')}</s-button>
      </s-section>
    </Page>
  );
}

/** A mistake of ours in drawing a screen must not leave a white page. */
class Guarded extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <s-page heading={t('error.title')}>
        <s-banner tone="critical" heading={t('error.title')}>
          <s-paragraph>{t('error.broken')}</s-paragraph>
          <s-button slot="secondary-actions" onClick={() => window.location.reload()}>
            {t('action.reload')}
          </s-button>
        </s-banner>
      </s-page>
    );
  }
}
