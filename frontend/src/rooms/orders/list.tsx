import { useEffect } from 'react';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { Search } from '../../shell/search';
import { useFormat } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { announce } from '../../shell/toast';
import type { OrderRow, Orders } from './api';
import { filters, listPath } from './api';
import { MailBadge, OrderBadges } from './badges';

const states = ['open', 'unfulfilled', 'fulfilled', 'cancelled', 'refunded'];
const mails = ['sent', 'waiting', 'stopped', 'failed', 'none'];

const FRESH = 15_000;
const countEnough = 1000; // a longer list is not counted out

/** All orders, newest first. The address holds the filters, so a view can be kept and sent. */
export default function OrderList() {
  const place = usePlace();
  const { data, error, busy, stale, reload } = useResource<Orders>(listPath(place.query), FRESH);
  const value = (name: string) => place.query.get(name) ?? '';
  const set = (name: string, to: string) => {
    if (value(name) !== to)
      void navigate(withQuery(place, filters, { [name]: to }), { replace: true });
  };
  const filtered = filters.some((name) => value(name) !== '');
  const clear = () => void navigate(place.path, { replace: true });
  const count = stale ? undefined : data?.orders.length;

  useEffect(() => {
    if (filtered && count !== undefined) announce(t('orders.found', { count }));
  }, [filtered, count]);

  return (
    <Page
      heading={t('orders.title')}
      actions={
        <s-button slot="secondary-actions" href="/imports">
          {t('imports.short')}
        </s-button>
      }
    >
      <s-section padding="none" accessibilityLabel={t('orders.title')}>
        <div>
          <div className="filters" role="search" aria-label={t('orders.filters')}>
            <div className="filter-search">
              <Search
                label={t('orders.search')}
                placeholder={t('orders.search_hint')}
                value={value('q')}
                onSearch={(text) => set('q', text)}
              />
            </div>
            <s-select
              label={t('orders.filter.state')}
              labelAccessibilityVisibility="exclusive"
              value={value('state')}
              onChange={(event) => set('state', event.currentTarget.value)}
            >
              <s-option value="">{t('orders.filter.any_state')}</s-option>
              {states.map((state) => (
                <s-option key={state} value={state}>
                  {tCode('order_state', state)}
                </s-option>
              ))}
            </s-select>
            <s-select
              label={t('orders.filter.mail')}
              labelAccessibilityVisibility="exclusive"
              value={value('mail')}
              onChange={(event) => set('mail', event.currentTarget.value)}
            >
              <s-option value="">{t('orders.filter.any_mail')}</s-option>
              {mails.map((state) => (
                <s-option key={state} value={state}>
                  {tCode('mail_filter', state)}
                </s-option>
              ))}
            </s-select>
            <div className="dated">
              <span aria-hidden="true">{t('orders.filter.since')}</span>
              <s-date-field
                label={t('orders.filter.since')}
                labelAccessibilityVisibility="exclusive"
                value={value('since')}
                onChange={(event) => set('since', event.currentTarget.value)}
              />
            </div>
            <div className="dated">
              <span aria-hidden="true">{t('orders.filter.until')}</span>
              <s-date-field
                label={t('orders.filter.until')}
                labelAccessibilityVisibility="exclusive"
                value={value('until')}
                onChange={(event) => set('until', event.currentTarget.value)}
              />
            </div>
            {filtered && (
              <s-button variant="tertiary" onClick={clear}>
                {t('action.clear')}
              </s-button>
            )}
          </div>

          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : data === undefined ? (
            <SkeletonRows rows={12} />
          ) : data.orders.length === 0 ? (
            filtered ? (
              <>
                <Empty
                  icon="search"
                  heading={t(data.next_cursor === null ? 'orders.none_found' : 'orders.none_here')}
                >
                  {t('orders.none_found_detail')}
                </Empty>
                {data.next_cursor !== null && (
                  <div className="table-foot">
                    <span className="subdued">{t('orders.look_further')}</span>
                    <Pager known={filters} next={data.next_cursor} busy={stale} />
                  </div>
                )}
              </>
            ) : (
              <Empty icon="order" heading={t('orders.empty')}>
                {t('orders.empty_detail')}
              </Empty>
            )
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              <Rows orders={data.orders} />
              <div className="table-foot">
                <span className="subdued">
                  {t(totalText(data, value('q')), { count: data.total_estimate })}
                </span>
                <Pager known={filters} next={data.next_cursor} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
    </Page>
  );
}

/** A search with many matches shows the newest and the closest of them only. */
function totalText({ total_estimate }: Orders, query: string) {
  if (total_estimate < countEnough) return 'orders.total';
  return query.trim() === '' ? 'orders.total_more' : 'orders.many';
}

function Rows({ orders }: { orders: OrderRow[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('orders.column.order')}</s-table-header>
        <s-table-header listSlot="kicker">{t('orders.column.placed')}</s-table-header>
        <s-table-header listSlot="secondary">{t('orders.column.customer')}</s-table-header>
        <s-table-header listSlot="labeled">{t('orders.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('orders.column.mail')}</s-table-header>
        <s-table-header listSlot="inline" format="currency">
          {t('orders.column.total')}
        </s-table-header>
      </s-table-header-row>
      <s-table-body>
        {orders.map((order) => (
          <s-table-row key={order.id} clickDelegate={`order-${order.id}`}>
            <s-table-cell>
              <s-link id={`order-${order.id}`} href={`/orders/${order.id}`}>
                <s-text type="strong">{order.name}</s-text>
              </s-link>
            </s-table-cell>
            <s-table-cell>
              <time dateTime={order.placed_at} title={format.exact(order.placed_at)}>
                {format.listTime(order.placed_at)}
              </time>
            </s-table-cell>
            <s-table-cell>
              <bdi className="clip">
                {order.customer?.name || order.customer?.email || t('orders.guest')}
              </bdi>
            </s-table-cell>
            <s-table-cell>
              <OrderBadges order={order} />
            </s-table-cell>
            <s-table-cell>
              <MailBadge state={order.mail_state} />
            </s-table-cell>
            <s-table-cell>
              <span className="amount">{format.money(order.total)}</span>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}
