import { tCode } from '../../shell/strings';

const looks = {
  sent: { icon: 'check-circle', tone: 'success' },
  waiting: { icon: 'clock', tone: 'info' },
  sending: { icon: 'clock', tone: 'info' },
  stopped: { icon: 'minus-circle', tone: 'neutral' },
  failed: { icon: 'alert-circle', tone: 'critical' },
  suppressed: { icon: 'disabled', tone: 'warning' },
} as const;

/** The tone and the icon of a message's state. */
export function lookOf(state: string) {
  return looks[state as keyof typeof looks] ?? { icon: 'info', tone: 'neutral' };
}
/** The state of a message: word, icon and colour say the same. */
export function StateBadge({ state }: { state: string }) {
  const look = lookOf(state);
  return (
    <s-badge tone={look.tone} icon={look.icon}>
      {tCode('mail_state', state)}
    </s-badge>
  );
}
