import { useState } from 'react';
import type { FieldProblem } from '../../shell/api';
import { t } from '../../shell/strings';
import { problemsOf } from '../shops/validate';
import { only } from './only';
import type { StepProps } from './step';
import { StepForm } from './step';
import type { Work } from './work';
import { saveSettings } from './work';

const fields = ['returns_days', 'returns_policy_url'] as const;

/** How long things may come back, and where that is written. */
export function PolicyStep({ work, ...props }: StepProps & { work: Work }) {
  const { settings } = work.sender;
  const [draft, setDraft] = useState(only(settings, fields));
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const at = (field: string) => wrong.find((one) => one.field === field)?.detail ?? '';
  return (
    <StepForm
      {...props}
      wrong={wrong}
      setWrong={setWrong}
      check={() =>
        problemsOf({ ...settings, ...draft }).filter((one) =>
          (fields as readonly string[]).includes(one.field),
        )
      }
      save={() => saveSettings(work, draft)}
    >
      <div className="fields-pair">
        <s-number-field
          name="returns_days"
          label={t('sender.days')}
          details={t('sender.days_detail')}
          suffix={t('sender.days_suffix')}
          inputMode="numeric"
          min={0}
          max={365}
          value={Number.isNaN(draft.returns_days) ? '' : String(draft.returns_days)}
          error={at('returns_days')}
          onInput={(event) => {
            const text = event.currentTarget.value.trim();
            setDraft((was) => ({ ...was, returns_days: text === '' ? NaN : Number(text) }));
          }}
        />
        <s-url-field
          name="returns_policy_url"
          label={t('sender.policy')}
          details={t('sender.policy_detail')}
          placeholder="https://"
          value={draft.returns_policy_url}
          error={at('returns_policy_url')}
          onInput={(event) => {
            const returns_policy_url = event.currentTarget.value.trim();
            setDraft((was) => ({ ...was, returns_policy_url }));
          }}
        />
      </div>
    </StepForm>
  );
}
