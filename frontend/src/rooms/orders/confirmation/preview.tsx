import { useEffect, useState } from 'react';
import { asApiError, post } from '../../../shell/api';
import { useResource } from '../../../shell/resource';
import { Skeleton } from '../../../shell/states';
import { t, tCode } from '../../../shell/strings';
import type { Orders } from '../api';
import type { Design, Shown } from './api';
import { confirmationPath, styles } from './api';
import { LanguageSelect } from './language-select';
import { inTheDark } from '../../messages/dark';

const views = ['phone', 'desktop', 'dark', 'text'] as const;
export type View = (typeof views)[number];
const icons = { desktop: 'desktop', phone: 'mobile', dark: 'moon', text: 'text' } as const;

/** How long typing must rest before the mail is drawn again. */
const REST = 400;

interface Props {
  design: Design;
  language: string;
  setLanguage: (language: string) => void;
  style: string;
  setStyle: (style: string) => void;
}

/** The draft as a shopper would see it: on an order of theirs or a made-up one. */
export function DesignPreview({ design, language, setLanguage, style, setStyle }: Props) {
  const { data: recent } = useResource<Orders>('/orders?limit=20');
  const [order, setOrder] = useState('');
  const [ruled, setRuled] = useState(false);
  const [view, setView] = useState<View>('phone');
  const [shown, setShown] = useState<Shown | null>(null);
  const [failure, setFailure] = useState('');
  const asked = JSON.stringify({
    design,
    order_id: order,
    style: ruled && order !== '' ? '' : style,
    locale: language,
  });

  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      post<Shown>(`${confirmationPath}/preview`, JSON.parse(asked))
        .then((answer) => {
          if (!current) return;
          setShown(answer);
          setFailure('');
        })
        .catch((cause: unknown) => current && setFailure(asApiError(cause).message));
    }, REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [asked]);

  return (
    <s-section heading={t('preview.title')}>
      <div className="stack-small">
        <div className="fields-pair">
          <s-select
            label={t('design.preview_order')}
            value={order}
            onChange={(event) => setOrder(event.currentTarget.value ?? '')}
          >
            <s-option value="">{t('design.preview_sample')}</s-option>
            {(recent?.orders ?? []).map((one) => (
              <s-option key={one.id} value={one.id}>
                {`${one.name} ${one.customer?.name ?? ''}`.trim()}
              </s-option>
            ))}
          </s-select>
          <s-select
            label={t('design.preview_style')}
            value={ruled && order !== '' ? 'ruled' : style}
            onChange={(event) => {
              const value = event.currentTarget.value ?? '';
              setRuled(value === 'ruled');
              if (value !== 'ruled') setStyle(value);
            }}
          >
            {order !== '' && <s-option value="ruled">{t('design.preview_ruled')}</s-option>}
            {styles.map((one) => (
              <s-option key={one} value={one}>
                {t(`style.${one}`)}
              </s-option>
            ))}
          </s-select>
        </div>
        <LanguageSelect value={language} change={setLanguage} />
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
        <div role="status" className="stack-small">
          {failure && <s-banner tone="warning" heading={failure} />}
          {shown?.fallback && (
            <s-banner tone="critical" heading={t('design.fallback')}>
              <s-paragraph>{shown.fallback}</s-paragraph>
            </s-banner>
          )}
        </div>
        {shown && (
          <p className="subdued">
            {tCode('style', shown.style)}. {shown.why}.{' '}
            {t('design.bytes', { kb: kilobytes(shown) })}
          </p>
        )}
      </div>
      <div className={`stage stage-${view === 'dark' ? 'phone' : view}`}>
        {shown === null ? (
          <div className="sheet">
            <Skeleton lines={8} />
          </div>
        ) : (
          <Sheet shown={shown} view={view} />
        )}
      </div>
    </s-section>
  );
}

const kilobytes = (shown: Shown) => Math.round(shown.bytes / 102.4) / 10;

/** Shown in a frame without any right, whatever a template may hold. */
export function Sheet({ shown, view }: { shown: Shown; view: View }) {
  return (
    <>
      <div className="envelope" dir={shown.dir} lang={shown.locale}>
        <span className="unseen">{t('preview.subject')}: </span>
        {shown.subject}
      </div>
      {view === 'text' ? (
        <div className="plain" role="region" aria-label={t('preview.text')} tabIndex={0}>
          <pre dir={shown.dir} lang={shown.locale}>
            {shown.text}
          </pre>
        </div>
      ) : (
        <div
          className="frame"
          dir={shown.dir}
          role="region"
          aria-label={t('preview.letter')}
          tabIndex={0}
        >
          <iframe
            className="letter"
            sandbox=""
            referrerPolicy="no-referrer"
            title={t('preview.frame', { subject: shown.subject })}
            srcDoc={view === 'dark' ? inTheDark(shown.html) : shown.html}
          />
        </div>
      )}
    </>
  );
}
