import { t, tCode } from '../../shell/strings';
import type { Problem, Withdrawal } from './api';

const findings = {
  in_time: 'success',
  partly: 'warning',
  late: 'critical',
  exempt: 'critical',
  nothing: 'neutral',
} as const;

const tone = { received: 'warning', matched: 'info', dismissed: 'neutral' } as const;

/** Where a withdrawal stands, what it comes to, and whether money is due. */
export function WithdrawalBadges({ withdrawal }: { withdrawal: Withdrawal }) {
  const { state, finding, accepted } = withdrawal;
  return (
    <span className="badges">
      {state === 'answered' ? (
        <s-badge tone={accepted ? 'success' : 'neutral'}>
          {t(accepted ? 'requests.accepted' : 'requests.declined')}
        </s-badge>
      ) : (
        <s-badge tone={tone[state]}>{tCode('withdrawal_state', state)}</s-badge>
      )}
      {finding !== '' && <s-badge tone={findings[finding]}>{tCode('finding', finding)}</s-badge>}
      {withdrawal.refunded_at && <s-badge tone="success">{t('requests.refunded')}</s-badge>}
      {withdrawal.refund_near && <s-badge tone="critical">{t('requests.refund_near')}</s-badge>}
    </span>
  );
}

const tones = { open: 'warning', answered: 'success', closed: 'neutral' } as const;

export function ProblemBadge({ state }: { state: Problem['state'] }) {
  return <s-badge tone={tones[state]}>{tCode('problem_state', state)}</s-badge>;
}
