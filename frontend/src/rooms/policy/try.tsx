import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { t } from '../../shell/strings';
import type { OrderRow } from '../orders/api';
import type { Effect, Tried, Verdict } from './api';
import { policyPath } from './api';

interface Props {
  source: string;
  usable: boolean;
}

/** What the text on screen decides about a real order, with the rule that does. */
export function TryIt({ source, usable }: Props) {
  const format = useFormat();
  const [search, setSearch] = useState('');
  const [wanted, setWanted] = useState('');
  const { data } = useResource<{ orders: OrderRow[] }>(
    `/orders?limit=20${wanted === '' ? '' : `&q=${encodeURIComponent(wanted)}`}`,
  );
  const [tried, setTried] = useState<Tried | null>(null);
  const [chosen, setChosen] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const run = async (id: string) => {
    setChosen(id);
    if (id === '') return;
    setBusy(true);
    setFailure('');
    try {
      setTried(await post<Tried>(`${policyPath}/try`, { source, order_id: id }));
    } catch (cause) {
      setFailure(asApiError(cause).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <s-section heading={t('policy.try')}>
      <div className="stack-small">
        <s-paragraph>{t('policy.try_detail')}</s-paragraph>
        <s-search-field
          label={t('policy.try_search')}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
          onChange={(event) => setWanted(event.currentTarget.value.trim())}
        />
        <s-select
          label={t('policy.try_order')}
          value={chosen}
          disabled={!usable}
          onChange={(event) => void run(event.currentTarget.value ?? '')}
        >
          <s-option value="">{t('policy.try_choose')}</s-option>
          {(data?.orders ?? []).map((order) => (
            <s-option key={order.id} value={order.id}>
              {`${order.name} · ${format.dateTime(order.placed_at)}`}
            </s-option>
          ))}
        </s-select>
        {chosen !== '' && (
          <span>
            <s-button loading={busy} disabled={!usable} onClick={() => void run(chosen)}>
              {t('policy.try_again')}
            </s-button>
          </span>
        )}
        <div role="status" className="stack-small">
          {failure && <s-banner tone="critical" heading={failure} />}
          {tried && (
            <>
              <p className="subdued">
                {t('policy.in_force', { order: tried.name, version: tried.in_force })}
              </p>
              <ul className="plain-list ruled">
                {tried.verdicts.map((verdict) => (
                  <VerdictRow key={verdict.action} verdict={verdict} />
                ))}
              </ul>
            </>
          )}
        </div>
      </div>
    </s-section>
  );
}

function VerdictRow({ verdict }: { verdict: Verdict }) {
  const several = verdict.items.length > 1;
  return (
    <li className="verdict">
      <span className="verdict-head">
        <b>{verdict.name}</b>
        <s-badge tone={verdict.allowed ? 'success' : 'neutral'}>
          {t(verdict.allowed ? 'policy.allowed' : 'policy.refused')}
        </s-badge>
      </span>
      <span>{verdict.shopper}</span>
      {verdict.rule > 0 ? (
        <code className="mono policy-rule">
          <span className="subdued">{t('policy.line', { line: verdict.rule })}</span>{' '}
          {verdict.rule_text}
        </code>
      ) : (
        <span className="subdued">{t('policy.no_rule')}</span>
      )}
      {verdict.instead.length > 0 && (
        <span className="subdued">
          {t('policy.instead', { actions: verdict.instead.join(', ') })}
        </span>
      )}
      {several && (
        <ul className="plain-list verdict-items">
          {verdict.items.map((item, at) => (
            <li key={at}>
              <bdi>{item.title}</bdi>: <span className="subdued">{item.reason}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** What would have been decided otherwise about the last orders. */
export function EffectOf({ source, usable }: Props) {
  const [list, setList] = useState<Effect[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const run = async () => {
    setBusy(true);
    setFailure('');
    try {
      setList((await post<{ orders: Effect[] }>(`${policyPath}/effect`, { source })).orders);
    } catch (cause) {
      setFailure(asApiError(cause).message);
    } finally {
      setBusy(false);
    }
  };
  const changed = list?.filter((one) => one.changes.length > 0) ?? [];
  return (
    <s-section heading={t('policy.effect')}>
      <div className="stack-small">
        <s-paragraph>{t('policy.effect_detail')}</s-paragraph>
        <span>
          <s-button loading={busy} disabled={!usable} onClick={() => void run()}>
            {t('policy.effect_run')}
          </s-button>
        </span>
        <div role="status" className="stack-small">
          {failure && <s-banner tone="critical" heading={failure} />}
          {list && <p>{t('policy.effect_sum', { changed: changed.length, count: list.length })}</p>}
          {changed.length > 0 && (
            <ul className="plain-list ruled">
              {changed.map((one) => (
                <li key={one.id} className="change">
                  <s-link href={`/orders/${one.id}`}>{one.name}</s-link>
                  {one.changes.map((change) => (
                    <span key={change.name}>
                      {change.name}: <del>{change.before}</del> <ins>{change.after}</ins>
                    </span>
                  ))}
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </s-section>
  );
}
