import type { ApiError, FieldProblem } from '../../../shell/api';
import { t } from '../../../shell/strings';

interface TroubleProps {
  failure: ApiError | null;
  wrong: FieldProblem[];
  reload: () => void;
}

/** What keeps the draft from being saved or published, each with how to mend it. */
export function Trouble({ failure, wrong, reload }: TroubleProps) {
  if (!failure) return null;
  if (failure.status === 409) {
    return (
      <s-banner tone="warning" heading={t('design.conflict')}>
        <s-paragraph>{t('design.conflict_detail')}</s-paragraph>
        <s-button slot="secondary-actions" onClick={reload}>
          {t('design.reload')}
        </s-button>
      </s-banner>
    );
  }
  const lacking = failure.code === 'orders.design_lacking';
  return (
    <s-banner
      tone="critical"
      heading={
        wrong.length === 0
          ? t('design.not_saved')
          : t(lacking ? 'design.problems' : 'design.check_fields', { count: wrong.length })
      }
    >
      {wrong.length === 0 ? (
        <s-paragraph>{failure.message}</s-paragraph>
      ) : (
        <ul>
          {wrong.map((problem) => (
            <li key={problem.field + problem.detail}>{problem.detail}</li>
          ))}
        </ul>
      )}
    </s-banner>
  );
}
