import { useState } from 'react';
import type { FieldProblem } from '../../shell/api';
import { get, put } from '../../shell/api';
import { remember, useResource } from '../../shell/resource';
import { t, tCode } from '../../shell/strings';
import { confirmationPath } from '../orders/confirmation/api';
import type { Overture, Setup } from './api';
import { goalsPath, setupPath } from './api';
import type { StepProps } from './step';
import { StepForm } from './step';

/** What the merchant wants most, and what that changes in the steps after it. */
export function GoalStep({ goal, ...props }: StepProps & { goal: string }) {
  const { data } = useResource<{ goals: Overture[] }>(goalsPath);
  const [chosen, setChosen] = useState(goal);
  const [kept, setKept] = useState(false);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const choose = async (anyway: boolean) => {
    const answer = await put<{ began: boolean; setup: Setup }>('/setup/goal', {
      goal: chosen,
      anyway,
    });
    remember(setupPath, answer.setup);
    remember(confirmationPath, await get(confirmationPath));
    return answer.began;
  };
  return (
    <StepForm
      {...props}
      wrong={wrong}
      setWrong={setWrong}
      check={() => (chosen === '' ? [{ field: 'goal', detail: t('setup.goal.none') }] : [])}
      save={async () => {
        if (kept || (await choose(false))) return undefined;
        setKept(true);
        return 'stay';
      }}
    >
      <s-paragraph>{t('setup.goal.detail')}</s-paragraph>
      <fieldset className="setup-choices">
        <legend className="unseen">{t('setup.goal.title')}</legend>
        {(data?.goals ?? []).map((one) => (
          <label key={one.goal} className="setup-choice">
            <input
              type="radio"
              name="goal"
              value={one.goal}
              checked={chosen === one.goal}
              onChange={() => {
                setChosen(one.goal);
                setKept(false);
                setWrong([]);
              }}
            />
            <span>
              <strong>{tCode('goal', one.goal)}</strong>
              <span className="subdued setup-says">{consequences(one)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {wrong.map((one) => (
        <p key={one.field} className="rule-wrong" role="alert">
          {one.detail}
        </p>
      ))}
      {kept && (
        <s-banner tone="info" heading={t('setup.goal.kept')}>
          <s-button
            slot="secondary-actions"
            onClick={() => void choose(true).then(() => setKept(false))}
          >
            {t('setup.goal.anyway')}
          </s-button>
        </s-banner>
      )}
    </StepForm>
  );
}

/** What choosing this goal sets, in one sentence each. */
function consequences(one: Overture): string {
  const style = (name: string) => tCode('style', name);
  const said = [
    t('setup.goal.sets_style', { style: style(one.default_style) }),
    ...one.rules.map((rule) =>
      t('setup.goal.sets_rule', {
        when: rule.when.map((c) => tCode('condition', c.kind)).join(', '),
        style: style(rule.style),
      }),
    ),
    t('setup.goal.sets_tone', { tone: tCode('tone', one.tone || 'common') }),
    ...Object.keys(one.layouts).map((name) => t('setup.goal.sets_blocks', { style: style(name) })),
  ];
  return said.join(' ');
}
