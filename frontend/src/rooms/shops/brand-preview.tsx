import { t } from '../../shell/strings';
import type { SenderSettings } from './api';
import { contrast, ENOUGH, isColor, textOn, WHITE } from './contrast';

const FALLBACK = '#303030';

/** What the design adds to the settings. */
export interface Look {
  second_color: string;
  font: string | undefined;
  footer: string;
  signature: { name: string; title: string; photo_url: string };
}

interface Props {
  settings: SenderSettings;
  look?: Look;
}

/** A small mail in the brand's colours, and a word when the accent reads badly. */
export function BrandPreview({ settings, look }: Props) {
  const color = isColor(settings.accent_color) ? settings.accent_color : FALLBACK;
  const ratio = contrast(color, WHITE);
  const shown = ratio.toFixed(1);
  return (
    <div className="stack-small">
      <div
        className="mini"
        role="img"
        aria-label={t('sender.preview.label', { name: settings.sender_name })}
      >
        <div
          className="mini-mail"
          style={
            look && {
              fontFamily: look.font,
              borderBlockStart: `4px solid ${isColor(look.second_color) ? look.second_color : color}`,
            }
          }
        >
          <div className="mini-brand">
            {settings.logo_url.startsWith('https://') ? (
              <img src={settings.logo_url} alt="" />
            ) : (
              <strong>{settings.sender_name || t('sender.preview.name')}</strong>
            )}
          </div>
          <div className="mini-title">{t('sender.preview.title')}</div>
          <div className="mini-line">{t('sender.preview.text')}</div>
          <div className="mini-button" style={{ background: color, color: textOn(color) }}>
            {t('sender.preview.button')}
          </div>
          <div className="mini-line">
            {t('sender.preview.questions')}{' '}
            <span style={{ color, textDecoration: 'underline' }}>{t('sender.preview.link')}</span>
          </div>
          {look && look.signature.name !== '' && (
            <div className="mini-sign">
              {look.signature.photo_url.startsWith('https://') && (
                <img src={look.signature.photo_url} alt="" />
              )}
              <span>
                <strong>{look.signature.name}</strong>
                <span className="subdued">{look.signature.title}</span>
              </span>
            </div>
          )}
          <div className="mini-foot">
            {settings.postal_address.replaceAll('\n', ', ')}
            {look && look.footer !== '' && <div>{look.footer}</div>}
          </div>
        </div>
      </div>
      <div role="status">
        {ratio < ENOUGH ? (
          <s-banner tone="warning" heading={t('sender.contrast.low')}>
            <s-paragraph>{t('sender.contrast.low_detail', { ratio: shown })}</s-paragraph>
          </s-banner>
        ) : (
          <p className="all-well subdued">
            <s-icon type="check-circle" tone="success" />
            {t('sender.contrast.good', { ratio: shown })}
          </p>
        )}
      </div>
    </div>
  );
}
