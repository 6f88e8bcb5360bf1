import type { ScreenProps } from '../../shell/screen';
import { ProblemScreen } from './problem';
import { WithdrawalScreen } from './withdrawal';

/** One request: its id says what it is. */
export default function RequestScreen({ id }: ScreenProps) {
  return id.startsWith('prb_') ? <ProblemScreen id={id} /> : <WithdrawalScreen id={id} />;
}
