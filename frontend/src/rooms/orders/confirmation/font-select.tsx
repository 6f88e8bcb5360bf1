import { t, tCode } from '../../../shell/strings';
import { fonts } from './api';

interface Props {
  value: string;
  error?: string;
  change: (font: string) => void;
}

/** The look of the letters; each is fonts that readers have already, for every script. */
export function FontSelect({ value, error = '', change }: Props) {
  return (
    <s-select
      name="font"
      label={t('design.font')}
      details={t('design.font_detail')}
      value={value || 'system'}
      error={error}
      onChange={(event) => change(event.currentTarget.value ?? '')}
    >
      {fonts.map((font) => (
        <s-option key={font} value={font}>
          {tCode('font', font)}
        </s-option>
      ))}
    </s-select>
  );
}

/** About what the mail's own fonts look like, for drawings of it. */
export const fontFamily = (font: string) =>
  ({
    classic: 'Georgia, Cambria, "Times New Roman", "Noto Serif", serif',
    friendly: '"Trebuchet MS", "Lucida Grande", "Segoe UI", Roboto, sans-serif',
    clear: 'Verdana, "DejaVu Sans", Geneva, "Segoe UI", sans-serif',
  })[font];
