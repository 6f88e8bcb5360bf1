import { useFormat } from '../../../shell/session';
import { t } from '../../../shell/strings';
import { contrast, isColor, WHITE } from '../../shops/contrast';
import type { Editing } from './api';
import { FontSelect } from './font-select';
import { errorAt, tones, withWords, wordsOf } from './api';

interface Props extends Editing {
  language: string;
}

/** How the shop sounds, who signs, and who reads the answers. */
export function Voice({ draft, change, wrong, language }: Props) {
  const format = useFormat();
  const words = wordsOf(draft, language);
  const sign = (part: Partial<typeof draft.signature>) =>
    change({ signature: { ...draft.signature, ...part } });
  const say = (part: Partial<typeof words>) =>
    change({ words: withWords(draft, language, { ...words, ...part }) });
  const ratio = isColor(draft.second_color) ? contrast(draft.second_color, WHITE) : 21;
  return (
    <>
      <s-section heading={t('design.voice')}>
        <div className="fields">
          <s-select
            label={t('design.tone')}
            details={t('design.tone_detail')}
            value={draft.tone}
            onChange={(event) => change({ tone: event.currentTarget.value ?? '' })}
          >
            {tones.map((tone) => (
              <s-option key={tone} value={tone}>
                {t(tone === '' ? 'tone.common' : `tone.${tone}`)}
              </s-option>
            ))}
          </s-select>
          <FontSelect
            value={draft.font}
            error={errorAt(wrong, 'font')}
            change={(font) => change({ font })}
          />
          <s-color-field
            label={t('design.second_color')}
            details={
              ratio < 3
                ? t('design.second_color_low', { ratio: ratio.toFixed(1) })
                : t('design.second_color_detail')
            }
            value={draft.second_color}
            error={errorAt(wrong, 'second_color')}
            onInput={(event) => change({ second_color: event.currentTarget.value })}
            onChange={(event) => change({ second_color: event.currentTarget.value })}
          />
        </div>
      </s-section>
      <s-section heading={t('design.signature')}>
        <div className="fields">
          <div className="fields-pair">
            <s-text-field
              label={t('design.signature_name')}
              value={draft.signature.name}
              error={errorAt(wrong, 'signature.name')}
              maxLength={100}
              onInput={(event) => sign({ name: event.currentTarget.value })}
            />
            <s-text-field
              label={t('design.signature_title')}
              value={draft.signature.title}
              error={errorAt(wrong, 'signature.title')}
              maxLength={100}
              onInput={(event) => sign({ title: event.currentTarget.value })}
            />
          </div>
          <s-url-field
            label={t('design.signature_photo')}
            details={t('design.signature_photo_detail')}
            placeholder="https://"
            value={draft.signature.photo_url}
            error={errorAt(wrong, 'signature.photo_url')}
            onInput={(event) => sign({ photo_url: event.currentTarget.value.trim() })}
          />
          <s-text-area
            label={t('design.signature_text', { language: format.language(language) })}
            details={t('design.signature_text_detail')}
            rows={3}
            value={words.signature}
            error={errorAt(wrong, `words.${language}.signature`)}
            onInput={(event) => say({ signature: event.currentTarget.value })}
          />
        </div>
      </s-section>
      <s-section heading={t('design.reply')}>
        <div className="fields">
          <div className="fields-pair">
            <s-text-field
              label={t('design.reply_name')}
              value={draft.reply_to.name}
              error={errorAt(wrong, 'reply_to.name')}
              maxLength={100}
              onInput={(event) =>
                change({ reply_to: { ...draft.reply_to, name: event.currentTarget.value } })
              }
            />
            <s-email-field
              label={t('design.reply_email')}
              details={t('design.reply_detail')}
              value={draft.reply_to.email}
              error={errorAt(wrong, 'reply_to.email')}
              onInput={(event) =>
                change({ reply_to: { ...draft.reply_to, email: event.currentTarget.value.trim() } })
              }
            />
          </div>
          <s-text-area
            label={t('design.footer', { language: format.language(language) })}
            details={t('design.footer_detail')}
            rows={2}
            value={words.footer}
            error={errorAt(wrong, `words.${language}.footer`)}
            onInput={(event) => say({ footer: event.currentTarget.value })}
          />
        </div>
      </s-section>
    </>
  );
}
