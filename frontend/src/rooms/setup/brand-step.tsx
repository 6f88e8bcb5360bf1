import { useState } from 'react';
import type { FieldProblem } from '../../shell/api';
import { useFormat } from '../../shell/session';
import { t } from '../../shell/strings';
import { withWords, wordsOf } from '../orders/confirmation/api';
import { fontFamily, FontSelect } from '../orders/confirmation/font-select';
import { BrandPreview } from '../shops/brand-preview';
import { contrast, isColor, WHITE } from '../shops/contrast';
import { problemsOf } from '../shops/validate';
import { useLanguage } from './language';
import { only } from './only';
import type { StepProps } from './step';
import { StepForm } from './step';
import type { Work } from './work';
import { saveDraft, saveSettings } from './work';

const settled = ['logo_url', 'accent_color'] as const;
const drafted = ['second_color', 'font', 'signature'] as const;

/** How the shop looks: logo, colours, letters, who signs, and the last line. */
export function BrandStep({ work, ...props }: StepProps & { work: Work }) {
  const format = useFormat();
  const language = useLanguage();
  const [look, setLook] = useState(only(work.sender.settings, settled));
  const [design, setDesign] = useState(only(work.design.draft, drafted));
  const [footer, setFooter] = useState(wordsOf(work.design.draft, language).footer);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const at = (field: string) => wrong.find((one) => one.field === field)?.detail ?? '';
  const draw = (part: Partial<typeof look>) => setLook((was) => ({ ...was, ...part }));
  const sign = (part: Partial<typeof design.signature>) =>
    setDesign((was) => ({ ...was, signature: { ...was.signature, ...part } }));
  const ratio = isColor(design.second_color) ? contrast(design.second_color, WHITE) : 21;
  const second = (second_color: string) => setDesign((was) => ({ ...was, second_color }));

  return (
    <StepForm
      {...props}
      wrong={wrong}
      setWrong={setWrong}
      check={() =>
        problemsOf({ ...work.sender.settings, ...look }).filter((one) =>
          (settled as readonly string[]).includes(one.field),
        )
      }
      save={async () => {
        await saveSettings(work, look);
        const words = withWords(work.design.draft, language, {
          ...wordsOf(work.design.draft, language),
          footer,
        });
        await saveDraft(work, { ...design, words });
      }}
    >
      <div className="setup-pair">
        <div className="fields">
          <s-url-field
            name="logo_url"
            label={t('sender.logo')}
            details={t('sender.logo_detail')}
            placeholder="https://"
            value={look.logo_url}
            error={at('logo_url')}
            onInput={(event) => draw({ logo_url: event.currentTarget.value.trim() })}
          />
          <div className="fields-pair">
            <s-color-field
              name="accent_color"
              label={t('sender.accent')}
              value={look.accent_color}
              error={at('accent_color')}
              onInput={(event) => draw({ accent_color: event.currentTarget.value })}
              onChange={(event) => draw({ accent_color: event.currentTarget.value })}
            />
            <s-color-field
              name="second_color"
              label={t('design.second_color')}
              details={ratio < 3 ? t('design.second_color_low', { ratio: ratio.toFixed(1) }) : ''}
              value={design.second_color}
              error={at('second_color')}
              onInput={(event) => second(event.currentTarget.value)}
              onChange={(event) => second(event.currentTarget.value)}
            />
          </div>
          <FontSelect
            value={design.font}
            error={at('font')}
            change={(font) => setDesign((was) => ({ ...was, font }))}
          />
          <div className="fields-pair">
            <s-text-field
              name="signature.name"
              label={t('design.signature_name')}
              value={design.signature.name}
              error={at('signature.name')}
              maxLength={100}
              onInput={(event) => sign({ name: event.currentTarget.value })}
            />
            <s-text-field
              name="signature.title"
              label={t('design.signature_title')}
              value={design.signature.title}
              error={at('signature.title')}
              maxLength={100}
              onInput={(event) => sign({ title: event.currentTarget.value })}
            />
          </div>
          <s-url-field
            name="signature.photo_url"
            label={t('design.signature_photo')}
            details={t('design.signature_photo_detail')}
            placeholder="https://"
            value={design.signature.photo_url}
            error={at('signature.photo_url')}
            onInput={(event) => sign({ photo_url: event.currentTarget.value.trim() })}
          />
          <s-text-area
            name="footer"
            label={t('design.footer', { language: format.language(language) })}
            details={t('design.footer_detail')}
            rows={2}
            value={footer}
            error={at(`words.${language}.footer`)}
            onInput={(event) => setFooter(event.currentTarget.value)}
          />
        </div>
        <BrandPreview
          settings={{ ...work.sender.settings, ...look }}
          look={{ ...design, font: fontFamily(design.font), footer }}
        />
      </div>
    </StepForm>
  );
}
