import { tCode } from '../../shell/strings';
import type { OrderRow } from './api';

const mail = {
  sent: { icon: 'check-circle', tone: 'success' },
  waiting: { icon: 'clock', tone: 'info' },
  sending: { icon: 'clock', tone: 'info' },
  stopped: { icon: 'minus-circle', tone: 'neutral' },
  failed: { icon: 'alert-circle', tone: 'critical' },
  suppressed: { icon: 'disabled', tone: 'warning' },
  none: { icon: 'circle-dashed', tone: 'neutral' },
} as const;

/** The state of a mail: word, icon and colour say the same. */
export function MailBadge({ state }: { state: string }) {
  const look = mail[state as keyof typeof mail] ?? mail.none;
  return (
    <s-badge tone={look.tone} icon={look.icon}>
      {tCode('mail_state', state)}
    </s-badge>
  );
}

const calm = new Set(['paid', 'fulfilled']);

/** Payment and delivery, as the merchant knows them from Shopify. */
export function OrderBadges({ order }: { order: OrderRow }) {
  const delivery = order.fulfillment_status ?? 'unfulfilled';
  return (
    <span className="badges">
      {order.test && <s-badge tone="info">{tCode('order_state', 'test')}</s-badge>}
      {order.cancelled_at ? (
        <s-badge tone="critical">{tCode('order_state', 'cancelled')}</s-badge>
      ) : (
        <>
          <s-badge tone={calm.has(order.financial_status) ? 'neutral' : 'warning'}>
            {tCode('financial', order.financial_status)}
          </s-badge>
          <s-badge tone={calm.has(delivery) ? 'neutral' : 'caution'}>
            {tCode('fulfillment', delivery)}
          </s-badge>
        </>
      )}
    </span>
  );
}
