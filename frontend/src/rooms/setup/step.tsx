import type { FormEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ApiError, FieldProblem } from '../../shell/api';
import { asApiError, put } from '../../shell/api';
import { remember } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { t } from '../../shell/strings';
import type { Setup, Step, StepName } from './api';
import { setupPath } from './api';

const marks = {
  done: { type: 'check-circle-filled', tone: 'success' },
  skipped: { type: 'minus-circle', tone: 'neutral' },
  todo: { type: 'circle-dashed', tone: 'neutral' },
} as const;

interface HeadProps {
  step: Step;
  number: number;
  open: boolean;
  toggle: () => void;
  children: ReactNode;
}

/** One step: its state and time, and when it is open what there is to do. */
export function StepCard({ step, number, open, toggle, children }: HeadProps) {
  const format = useFormat();
  const head = useRef<HTMLButtonElement>(null);
  const was = useRef(open);
  useEffect(() => {
    if (open && !was.current) {
      head.current?.focus({ preventScroll: true });
      head.current?.scrollIntoView?.({ block: 'nearest' });
    }
    was.current = open;
  }, [open]);
  const state = t(`setup.state.${step.state}`);
  return (
    <li className={open ? 'setup-step setup-open' : 'setup-step'}>
      <h2>
        <button
          ref={head}
          type="button"
          className="setup-toggle"
          aria-expanded={open}
          aria-controls={`step-${step.step}`}
          onClick={toggle}
        >
          <s-icon {...marks[step.state]} />
          <span className="setup-title">
            {number}. {t(`setup.${step.step}.title`)}
          </span>
          <span className="subdued setup-state">
            {step.at ? t('setup.since', { state, when: format.relative(step.at) }) : state}
          </span>
        </button>
      </h2>
      <div id={`step-${step.step}`} className="setup-body" hidden={!open}>
        {open && children}
      </div>
    </li>
  );
}

/** What every step's form is given. */
export interface StepProps {
  step: Step;
  /** The step is settled; go to the next. */
  settled: (setup: Setup) => void;
}

export const mark = (step: StepName, state: 'done' | 'skipped' | 'todo') =>
  put<Setup>(`${setupPath}/steps/${step}`, { state }).then((setup) => {
    remember(setupPath, setup);
    return setup;
  });

interface FormProps extends StepProps {
  /** Saves what was typed; the step is done when it comes back, unless there is more to say. */
  save: () => Promise<void | 'stay'>;
  /** What can be seen wrong before asking the server. */
  check?: () => FieldProblem[];
  wrong: FieldProblem[];
  setWrong: (wrong: FieldProblem[]) => void;
  action?: string;
  children: ReactNode;
}

/** Fields with "save and go on" and "skip" below; saved at once, and never in the way. */
export function StepForm(props: FormProps) {
  const { step, settled, save, check, wrong, setWrong, action, children } = props;
  const [busy, setBusy] = useState('');
  const [failure, setFailure] = useState<ApiError | null>(null);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (wrong.length === 0) return;
    form.current?.querySelector<HTMLElement>(`[name="${wrong[0]!.field}"]`)?.focus();
  }, [wrong]);

  const attempt = async (name: string, work: () => Promise<Setup | 'stay'>) => {
    if (busy !== '') return;
    setBusy(name);
    setFailure(null);
    try {
      const setup = await work();
      if (setup !== 'stay') settled(setup);
    } catch (cause) {
      const error = asApiError(cause);
      setWrong(error.fields);
      setFailure(error);
    } finally {
      setBusy('');
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = check?.() ?? [];
    setWrong(found);
    if (found.length > 0) return;
    void attempt('save', async () => {
      return (await save()) ?? mark(step.step, 'done');
    });
  };
  return (
    <form ref={form} noValidate className="stack" onSubmit={submit}>
      {children}
      <div role="status">
        {failure && (
          <s-banner tone="critical" heading={t('setup.not_saved')}>
            {failure.fields.length === 0 ? (
              <s-paragraph>{failure.message}</s-paragraph>
            ) : (
              <ul>
                {failure.fields.map((problem) => (
                  <li key={problem.field + problem.detail}>{problem.detail}</li>
                ))}
              </ul>
            )}
          </s-banner>
        )}
      </div>
      <div className="setup-actions">
        <s-button variant="primary" type="submit" loading={busy === 'save'}>
          {action ?? t('setup.save')}
        </s-button>
        {step.state === 'todo' && (
          <s-button
            variant="tertiary"
            loading={busy === 'skip'}
            accessibilityLabel={t('setup.skip_one', { title: t(`setup.${step.step}.title`) })}
            onClick={() => void attempt('skip', () => mark(step.step, 'skipped'))}
          >
            {t('setup.skip')}
          </s-button>
        )}
      </div>
    </form>
  );
}
