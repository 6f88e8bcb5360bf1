import type { Rule } from '../orders/confirmation/api';

export const stepNames = ['goal', 'sender', 'brand', 'style', 'policy', 'import', 'try'] as const;
export type StepName = (typeof stepNames)[number];
export type State = 'todo' | 'done' | 'skipped';

export interface Step {
  step: StepName;
  state: State;
  at: string | null;
}

/** How far the merchant is: kept by the server, a step at a time. */
export interface Setup {
  goal: string;
  steps: Step[];
}

/** How confirmations are written to begin with, if this is what the merchant wants most. */
export interface Overture {
  goal: string;
  tone: string;
  default_style: string;
  rules: Rule[];
  layouts: Record<string, string[]>;
}

export const setupPath = '/setup';
export const goalsPath = '/setup/goals';

export const open = (setup: Setup) => setup.steps.filter((step) => step.state === 'todo');

/** The first step that is to do, after the given one or else from the start. */
export function nextAfter(setup: Setup, name: StepName | ''): StepName | '' {
  const at = setup.steps.findIndex((step) => step.step === name);
  const ahead = [...setup.steps.slice(at + 1), ...setup.steps.slice(0, at + 1)];
  return ahead.find((step) => step.state === 'todo')?.step ?? '';
}
