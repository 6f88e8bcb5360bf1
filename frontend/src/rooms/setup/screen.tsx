import { useState } from 'react';
import { Page } from '../../shell/page';
import { navigate, usePlace } from '../../shell/router';
import { useResource } from '../../shell/resource';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import { announce } from '../../shell/toast';
import type { Overture, Setup, Step, StepName } from './api';
import { goalsPath, nextAfter, open, setupPath, stepNames } from './api';
import { BrandStep } from './brand-step';
import { GoalStep } from './goal';
import { ImportStep } from './import-step';
import { PolicyStep } from './policy-step';
import { SenderStep } from './sender-step';
import type { StepProps } from './step';
import { StepCard } from './step';
import { StyleStep } from './style-step';
import { TryStep } from './try-step';
import type { Work } from './work';
import { useWork } from './work';
import './setup.css';

/** From installed to proud of it, a step at a time, in any order. */
export default function SetupScreen() {
  const { data, error, reload } = useResource<Setup>(setupPath);
  const { work, failed, reload: again } = useWork();
  // The first step shows them; read now, so that the steps below it do not jump.
  const goals = useResource<{ goals: Overture[] }>(goalsPath);
  const wrong = error ?? failed ?? goals.error;
  if (data && work && goals.data) return <Steps setup={data} work={work} />;
  return (
    <Page heading={t('setup.title')} waiting>
      {wrong ? (
        <Failed
          error={wrong}
          retry={() => {
            void reload();
            void again();
            void goals.reload();
          }}
        />
      ) : (
        <s-section>
          <Skeleton lines={10} height={560} />
        </s-section>
      )}
    </Page>
  );
}

const isStep = (name: string): name is StepName => (stepNames as readonly string[]).includes(name);

function Steps({ setup, work }: { setup: Setup; work: Work }) {
  const place = usePlace();
  const asked = place.query.get('step') ?? '';
  const [at, setAt] = useState<StepName | ''>(isStep(asked) ? asked : nextAfter(setup, ''));
  const left = open(setup).length;
  const done = setup.steps.length - left;

  const go = (name: StepName | '') => {
    setAt(name);
    void navigate(name === '' ? '/setup' : `/setup?step=${name}`, { replace: true });
  };
  const settled = (from: StepName) => (next: Setup) => {
    const name = nextAfter(next, from);
    announce(
      name === '' ? t('setup.finished') : t('setup.next', { title: t(`setup.${name}.title`) }),
    );
    go(name);
  };
  return (
    <Page heading={t('setup.title')} back={{ href: '/', label: t('nav.home') }}>
      <s-section>
        <div className="stack-small">
          {left === 0 ? (
            <p className="all-well">
              <s-icon type="check-circle-filled" tone="success" />
              {t('setup.finished')}
            </p>
          ) : (
            <s-paragraph>{t('setup.intro')}</s-paragraph>
          )}
          <div className="setup-head">
            <span className="subdued">
              {t('home.setup.progress', { done, all: setup.steps.length })}
            </span>
            <span
              className="meter"
              role="progressbar"
              aria-label={t('setup.title')}
              aria-valuemin={0}
              aria-valuemax={setup.steps.length}
              aria-valuenow={done}
            >
              <span style={{ inlineSize: `${(100 * done) / setup.steps.length}%` }} />
            </span>
          </div>
        </div>
      </s-section>
      <ol className="plain-list setup-steps">
        {setup.steps.map((step, i) => (
          <StepCard
            key={step.step}
            step={step}
            number={i + 1}
            open={at === step.step}
            toggle={() => go(at === step.step ? '' : step.step)}
          >
            <Body step={step} settled={settled(step.step)} goal={setup.goal} work={work} />
          </StepCard>
        ))}
      </ol>
    </Page>
  );
}

function Body({ goal, work, ...props }: StepProps & { step: Step; goal: string; work: Work }) {
  switch (props.step.step) {
    case 'goal':
      return <GoalStep {...props} goal={goal} />;
    case 'sender':
      return <SenderStep {...props} work={work} />;
    case 'brand':
      return <BrandStep {...props} work={work} />;
    case 'style':
      return <StyleStep {...props} work={work} key={work.design.revision} />;
    case 'policy':
      return <PolicyStep {...props} work={work} />;
    case 'import':
      return <ImportStep {...props} />;
    case 'try':
      return <TryStep {...props} work={work} />;
  }
}
