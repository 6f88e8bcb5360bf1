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
import type { MessageRow, Messages } from './api';
import { filters, listPath } from './api';
import { StateBadge } from './state';
import { Waits } from './waits';

const states = ['sent', 'waiting', 'failed', 'stopped', 'suppressed'];
const FRESH = 15_000;

/** Every mail, newest first: what became of it, and why. */
export default function MessageLog() {
  const place = usePlace();
  const { data, error, busy, stale, reload } = useResource<Messages>(listPath(place.query), FRESH);
  const value = (name: string) => place.query.get(name) ?? '';
  const set = (name: string, to: string) => {
    if (value(name) !== to)
      void navigate(withQuery(place, filters, { [name]: to }), { replace: true });
  };
  const filtered = filters.some((name) => value(name) !== '');
  const clear = () => void navigate(place.path, { replace: true });
  const count = stale ? undefined : data?.messages.length;

  useEffect(() => {
    if (filtered && count !== undefined) announce(t('messages.found', { count }));
  }, [filtered, count]);

  return (
    <Page
      heading={t('messages.title')}
      actions={
        <s-button slot="secondary-actions" href="/suppressions">
          {t('suppressions.title')}
        </s-button>
      }
    >
      <s-section padding="none" accessibilityLabel={t('messages.title')}>
        <div>
          <div className="filters" role="search" aria-label={t('messages.filters')}>
            <div className="filter-search">
              <Search
                label={t('messages.search')}
                placeholder={t('messages.search_hint')}
                value={value('q')}
                onSearch={(text) => set('q', text)}
              />
            </div>
            <s-select
              label={t('messages.filter.state')}
              labelAccessibilityVisibility="exclusive"
              value={value('state')}
              onChange={(event) => set('state', event.currentTarget.value)}
            >
              <s-option value="">{t('messages.filter.any_state')}</s-option>
              {states.map((state) => (
                <s-option key={state} value={state}>
                  {tCode('mail_state', state)}
                </s-option>
              ))}
            </s-select>
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
          ) : data.messages.length === 0 ? (
            filtered ? (
              <Empty icon="search" heading={t('messages.none_found')}>
                {t('messages.none_found_detail')}
              </Empty>
            ) : (
              <Empty icon="email" heading={t('messages.empty')}>
                {t('messages.empty_detail')}
              </Empty>
            )
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              <Rows messages={data.messages} />
              <div className="table-foot">
                <span className="subdued">
                  {t(data.many_matches ? 'messages.many' : 'messages.newest_first')}
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

function Rows({ messages }: { messages: MessageRow[] }) {
  const format = useFormat();
  return (
    <s-table>
      <s-table-header-row>
        <s-table-header listSlot="primary">{t('messages.column.subject')}</s-table-header>
        <s-table-header listSlot="secondary">{t('messages.column.to')}</s-table-header>
        <s-table-header listSlot="inline">{t('messages.column.state')}</s-table-header>
        <s-table-header listSlot="labeled">{t('messages.column.order')}</s-table-header>
        <s-table-header listSlot="kicker">{t('messages.column.created')}</s-table-header>
        <s-table-header listSlot="labeled" format="numeric">
          {t('messages.column.delay')}
        </s-table-header>
      </s-table-header-row>
      <s-table-body>
        {messages.map((message) => (
          <s-table-row key={message.id} clickDelegate={`message-${message.id}`}>
            <s-table-cell>
              <s-link
                id={`message-${message.id}`}
                href={`/messages/${encodeURIComponent(message.id)}`}
              >
                <bdi>{message.subject || tCode('message_kind', message.kind)}</bdi>
              </s-link>
            </s-table-cell>
            <s-table-cell>
              <span className="break">{message.to || '–'}</span>
            </s-table-cell>
            <s-table-cell>
              <span className="state-cell">
                <StateBadge state={message.state} />
                <Waits message={message} />
              </span>
            </s-table-cell>
            <s-table-cell>
              {message.order ? (
                <s-link href={`/orders/${message.order.id}`}>{message.order.name}</s-link>
              ) : (
                '–'
              )}
            </s-table-cell>
            <s-table-cell>
              <time dateTime={message.created_at} title={format.exact(message.created_at)}>
                {format.listTime(message.created_at)}
              </time>
            </s-table-cell>
            <s-table-cell>
              <span className="amount">
                {message.delay_ms === null ? '–' : format.duration(message.delay_ms)}
              </span>
            </s-table-cell>
          </s-table-row>
        ))}
      </s-table-body>
    </s-table>
  );
}
