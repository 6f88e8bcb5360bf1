import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import type { ScreenProps } from '../../shell/screen';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Order } from './api';
import { ChangeOrder } from '../changes/on-order';
import { MailBadge, OrderBadges } from './badges';
import { OrderTimeline } from './timeline';

const FRESH = 10_000;

/** One order: what was bought, and everything that happened since. */
export default function OrderScreen({ id }: ScreenProps) {
  const format = useFormat();
  const path = `/orders/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{ order: Order }>(path, FRESH);
  const order = data?.order;
  const back = { href: '/orders', label: t('orders.title') };

  if (error && !order) {
    return (
      <Page heading={t('order.title')} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  if (!order) {
    return (
      <Page heading={t('order.title')} back={back} waiting aside={<Waiting />}>
        <s-section>
          <Skeleton lines={10} height={520} />
        </s-section>
      </Page>
    );
  }
  return (
    <Page
      heading={order.name}
      back={back}
      actions={
        <>
          <s-button
            slot="secondary-actions"
            href={order.order_page_url}
            target="_blank"
            icon="external"
          >
            {t('order.page')}
          </s-button>
          <s-button
            slot="secondary-actions"
            href={order.shopify_admin_url}
            target="_top"
            icon="order"
          >
            {t('order.in_shopify')}
          </s-button>
        </>
      }
      aside={
        <>
          <ChangeOrder order={order.id} />
          <Facts order={order} />
        </>
      }
    >
      <div className="order-head">
        <OrderBadges order={order} />
        <span className="subdued">
          {t('order.placed', {
            when: format.dateTime(order.placed_at),
            language: format.language(order.locale),
          })}
        </span>
      </div>
      <s-section heading={t('order.items', { count: order.items_count || shown(order) })}>
        <Items order={order} />
        <Totals order={order} />
      </s-section>
      <OrderTimeline path={`${path}/timeline`} />
    </Page>
  );
}

/** Of a cancelled order nothing is left to count, but its items are still listed. */
const shown = (order: Order) => order.items.reduce((sum, item) => sum + item.quantity, 0);

function Waiting() {
  return (
    <s-section>
      <Skeleton lines={6} height={260} />
    </s-section>
  );
}

function Items({ order }: { order: Order }) {
  const format = useFormat();
  return (
    <ul className="plain-list ruled">
      {order.items.map((item, i) => (
        <li key={i} className="item">
          <s-thumbnail src={item.image_url ?? ''} alt="" size="small" />
          <span className="item-title">
            <strong>
              <bdi>{item.title}</bdi>
            </strong>
            {item.options && <bdi className="subdued">{item.options}</bdi>}
          </span>
          <span className="item-count subdued">
            {t('order.count', { price: format.money(item.unit_price), quantity: item.quantity })}
          </span>
          <span className="amount">{format.money(item.total)}</span>
        </li>
      ))}
    </ul>
  );
}

const strong = new Set(['total', 'due']);

function Totals({ order }: { order: Order }) {
  const format = useFormat();
  return (
    <dl className="totals">
      {order.totals.map((row, i) => (
        <div key={i} className={strong.has(row.kind) ? 'total-row total-strong' : 'total-row'}>
          <dt>{row.label}</dt>
          <dd className="amount">{format.money(row.amount)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Facts({ order }: { order: Order }) {
  const format = useFormat();
  const sameAddress =
    !!order.shipping_address?.length &&
    JSON.stringify(order.billing_address) === JSON.stringify(order.shipping_address);
  return (
    <>
      <s-section heading={t('order.confirmation')}>
        <div className="stack-small">
          <span>
            <MailBadge state={order.mail_state} />
          </span>
          <s-link href={`/messages?q=${encodeURIComponent(order.name)}`}>
            {t('order.messages')}
          </s-link>
        </div>
      </s-section>
      <s-section heading={t('order.customer')}>
        <div className="stack-small">
          {order.customer ? (
            <>
              <bdi>{order.customer.name}</bdi>
              {order.customer.email && (
                <a className="break" href={`mailto:${order.customer.email}`}>
                  {order.customer.email}
                </a>
              )}
            </>
          ) : (
            <span className="subdued">{t('orders.guest')}</span>
          )}
          <span className="subdued">
            {t('order.reads', { language: format.language(order.locale) })}
          </span>
        </div>
      </s-section>
      <s-section heading={t('order.shipping_address')}>
        <Address lines={order.shipping_address} none={t('order.no_shipping')} />
        <h3 className="subhead">{t('order.billing_address')}</h3>
        {sameAddress ? (
          <span className="subdued">{t('order.same_address')}</span>
        ) : (
          <Address lines={order.billing_address} none={t('order.no_billing')} />
        )}
      </s-section>
      <s-section heading={t('order.payments')}>
        {order.payments?.length ? (
          <dl className="totals totals-flush">
            {order.payments.map((payment, i) => (
              <div key={i} className="total-row">
                <dt>{payment.label}</dt>
                <dd className="amount">{format.money(payment.amount)}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <span className="subdued">{t('order.no_payments')}</span>
        )}
      </s-section>
      <s-section heading={t('order.returns')}>
        {order.returns_last_day ? (
          <span>{t('order.returns_until', { date: format.civil(order.returns_last_day) })}</span>
        ) : (
          <span className="subdued">{t('order.no_returns')}</span>
        )}
      </s-section>
    </>
  );
}

function Address({ lines, none }: { lines: string[] | null; none: string }) {
  if (!lines?.length) return <span className="subdued">{none}</span>;
  return (
    <address>
      {lines.map((line, i) => (
        <span key={i}>
          <bdi>{line}</bdi>
        </span>
      ))}
    </address>
  );
}
