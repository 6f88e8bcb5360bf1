import { useRef, useState } from 'react';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { Search } from '../../shell/search';
import { useFormat, useMay } from '../../shell/session';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { AddSuppression, RemoveSuppression } from './suppression-dialogs';
import type { Suppression, Suppressions } from './suppressions-api';
import { filters, listPath } from './suppressions-api';

const views = ['', '1'];

/** Who is not written to, by whose wish; and who was taken off the list, and why. */
export default function SuppressionsScreen() {
  const place = usePlace();
  const { data, error, busy, stale, reload } = useResource<Suppressions>(listPath(place.query));
  const may = useMay('messages.send');
  const add = useRef<HTMLElementTagNameMap['s-modal']>(null);
  const remove = useRef<HTMLElementTagNameMap['s-modal']>(null);
  const [chosen, setChosen] = useState<Suppression | null>(null);
  const value = (name: string) => place.query.get(name) ?? '';
  const set = (name: string, to: string) => {
    if (value(name) !== to)
      void navigate(withQuery(place, [...filters, 'cursor'], { [name]: to, cursor: '' }), {
        replace: true,
      });
  };
  const removed = value('removed') === '1';

  return (
    <Page
      heading={t('suppressions.title')}
      back={{ href: '/messages', label: t('messages.title') }}
      primary={
        may && (
          <s-button
            slot="primary-action"
            variant="primary"
            onClick={() => add.current?.showOverlay()}
          >
            {t('suppressions.add')}
          </s-button>
        )
      }
    >
      <s-section padding="none" accessibilityLabel={t('suppressions.title')}>
        <div>
          <div className="filters" role="search" aria-label={t('suppressions.filters')}>
            <div className="segments" role="group" aria-label={t('suppressions.show')}>
              {views.map((view) => (
                <button
                  key={view}
                  type="button"
                  className="segment"
                  aria-pressed={value('removed') === view}
                  onClick={() => set('removed', view)}
                >
                  <span>{t(view === '1' ? 'suppressions.removed' : 'suppressions.in_force')}</span>
                </button>
              ))}
            </div>
            <div className="filter-search">
              <Search
                label={t('suppressions.search')}
                placeholder={t('suppressions.search_hint')}
                value={value('q')}
                onSearch={(text) => set('q', text)}
              />
            </div>
          </div>
          {error && !data ? (
            <div className="inset">
              <Failed error={error} retry={() => void reload()} />
            </div>
          ) : data === undefined ? (
            <SkeletonRows rows={8} />
          ) : data.suppressions.length === 0 ? (
            value('q') !== '' ? (
              <Empty icon="search" heading={t('suppressions.none_found')}>
                {t('suppressions.none_found_detail')}
              </Empty>
            ) : (
              <Empty
                icon="check-circle"
                heading={t(removed ? 'suppressions.none_removed' : 'suppressions.none')}
              >
                {t(removed ? 'suppressions.none_removed_detail' : 'suppressions.none_detail')}
              </Empty>
            )
          ) : (
            <div className={stale ? 'dimmed' : undefined} aria-busy={busy && stale}>
              <ul className="plain-list ruled">
                {data.suppressions.map((one) => (
                  <Row
                    key={`${one.address}${one.scope}${one.created_at}`}
                    one={one}
                    remove={
                      may && !removed && one.address !== ''
                        ? () => {
                            setChosen(one);
                            remove.current?.showOverlay();
                          }
                        : undefined
                    }
                  />
                ))}
              </ul>
              <div className="table-foot">
                <span className="subdued">{t('suppressions.explain')}</span>
                <Pager known={filters} next={data.next_cursor} busy={stale} />
              </div>
            </div>
          )}
        </div>
      </s-section>
      <AddSuppression dialog={add} done={reload} />
      <RemoveSuppression dialog={remove} one={chosen} done={reload} />
    </Page>
  );
}

function Row({ one, remove }: { one: Suppression; remove: (() => void) | undefined }) {
  const format = useFormat();
  return (
    <li className="hook">
      <div className="hook-main">
        <div className="hook-head">
          <strong className="break">
            {one.address === '' ? t('suppressions.erased') : <bdi>{one.address}</bdi>}
          </strong>
          <s-badge tone={one.scope === 'all' ? 'warning' : 'info'}>
            {tCode('suppression_scope', one.scope)}
          </s-badge>
        </div>
        <p className="privacy-outcome break">
          {one.source === 'merchant' ? one.reason : tCode('suppression_source', one.source)}
        </p>
        {one.removed_at && (
          <p className="reason break">
            {t('suppressions.removed_because', { reason: one.removed_reason })}
          </p>
        )}
        <p className="subdued hook-meta">
          <time dateTime={one.created_at} title={format.exact(one.created_at)}>
            {t('suppressions.since', { when: format.listTime(one.created_at) })}
          </time>
          {one.removed_at && (
            <time dateTime={one.removed_at} title={format.exact(one.removed_at)}>
              {t('suppressions.removed_at', {
                when: format.listTime(one.removed_at),
                id: one.removed_by,
              })}
            </time>
          )}
          {one.message_id && (
            <s-link href={`/messages/${encodeURIComponent(one.message_id)}`}>
              {t('suppressions.mail')}
            </s-link>
          )}
        </p>
      </div>
      {remove && (
        <s-button
          accessibilityLabel={t('suppressions.remove_of', { address: one.address })}
          onClick={remove}
        >
          {t('suppressions.remove')}
        </s-button>
      )}
    </li>
  );
}
