import { useFormat } from '../../../shell/session';
import { t } from '../../../shell/strings';
import { languages } from './api';

export function LanguageSelect({
  value,
  change,
}: {
  value: string;
  change: (language: string) => void;
}) {
  const format = useFormat();
  return (
    <s-select
      label={t('design.editing_language')}
      value={value}
      onChange={(event) => change(event.currentTarget.value ?? 'en')}
    >
      {languages.map((language) => (
        <s-option key={language} value={language}>
          {format.language(language)}
        </s-option>
      ))}
    </s-select>
  );
}
