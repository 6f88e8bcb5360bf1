import { useState } from 'react';
import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Empty, Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Preview } from './api';
import { inTheDark } from './dark';

const views = ['desktop', 'phone', 'dark', 'text'] as const;
type View = (typeof views)[number];

const icons = { desktop: 'desktop', phone: 'mobile', dark: 'moon', text: 'text' } as const;

const onPhone = () => window.matchMedia?.('(max-width: 640px)').matches ?? false;

/**
 * The mail as the shopper sees it. It is shown in a frame without any right:
 * no scripts, no forms, no navigation, whatever a template may hold.
 */
export function MailPreview({ path, sent }: { path: string; sent: boolean }) {
  const format = useFormat();
  const { data, error, reload } = useResource<Preview>(path);
  const [view, setView] = useState<View>(onPhone() ? 'phone' : 'desktop');
  return (
    <s-section heading={t(sent ? 'preview.sent' : 'preview.title')}>
      <div className="preview-bar">
        <div className="segments" role="group" aria-label={t('preview.view')}>
          {views.map((name) => (
            <button
              key={name}
              type="button"
              className="segment"
              aria-pressed={view === name}
              onClick={() => setView(name)}
            >
              <s-icon type={icons[name]} />
              <span>{t(`preview.${name}`)}</span>
            </button>
          ))}
        </div>
        {data && (
          <span className="badges">
            <s-badge icon="language">{format.language(data.locale)}</s-badge>
            {data.dir === 'rtl' && <s-badge>{t('preview.rtl')}</s-badge>}
            {data.live && (
              <s-badge tone="info" icon="live">
                {t('preview.live')}
              </s-badge>
            )}
          </span>
        )}
      </div>
      {error && !data && error.status !== 409 && (
        <Failed error={error} retry={() => void reload()} />
      )}
      {error && !data && error.status === 409 && (
        <div className="stage">
          <Empty icon="email" heading={t('preview.none')}>
            {error.message}
          </Empty>
        </div>
      )}
      {!(error && !data) && (
        <div className={`stage stage-${view === 'dark' ? 'phone' : view}`}>
          {data === undefined ? (
            <div className="sheet">
              <Skeleton lines={8} />
            </div>
          ) : (
            <>
              <div className="envelope" dir={data.dir} lang={data.locale}>
                <span className="unseen">{t('preview.subject')}: </span>
                {data.subject}
              </div>
              {view === 'text' ? (
                <div className="plain" role="region" aria-label={t('preview.text')} tabIndex={0}>
                  <pre dir={data.dir} lang={data.locale}>
                    {data.text}
                  </pre>
                </div>
              ) : (
                <div
                  className="frame"
                  dir={data.dir}
                  role="region"
                  aria-label={t('preview.letter')}
                  tabIndex={0}
                >
                  <iframe
                    className="letter"
                    sandbox=""
                    referrerPolicy="no-referrer"
                    title={t('preview.frame', { subject: data.subject })}
                    srcDoc={view === 'dark' ? inTheDark(data.html) : data.html}
                  />
                </div>
              )}
            </>
          )}
        </div>
      )}
    </s-section>
  );
}
