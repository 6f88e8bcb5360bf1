import { useState } from 'react';
import { asApiError, put } from '../../shell/api';
import { NeedsScope } from '../../shell/needs-scope';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { navigate, usePlace, withQuery } from '../../shell/router';
import { useFormat, useMay } from '../../shell/session';
import { Empty, Failed, Skeleton, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Key } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Entry } from './api';

interface Log {
  changes: Entry[];
  next_cursor: string | null;
}

interface Settings {
  version: number;
  cancel: boolean;
  address: boolean;
  items: boolean;
  credit: boolean;
  hold_minutes: number;
  quantity_most: number;
  pay_hours: number;
}

const FRESH = 5_000;
const filters = ['kind', 'state'];
const kinds = ['cancel', 'address', 'swap', 'quantity', 'remove'];
const states = ['asked', 'holding', 'acting', 'settling', 'paying', 'done', 'refused', 'parked'];
const scopes = ['write_orders', 'write_order_edits', 'write_merchant_managed_fulfillment_orders'];
const switches = ['cancel', 'address', 'items', 'credit'] as const;

/** What shoppers may change themselves, and what they changed. */
export default function ChangesScreen() {
  return (
    <Page heading={t('changes.title')} aside={<SettingsCard />}>
      {scopes.map((scope) => (
        <NeedsScope key={scope} scope={scope}>
          {t('changes.needs_scope')}
        </NeedsScope>
      ))}
      <LogCard />
    </Page>
  );
}

function LogCard() {
  const place = usePlace();
  const query = new URLSearchParams();
  for (const name of [...filters, 'cursor']) {
    const value = place.query.get(name);
    if (value) query.set(name, value);
  }
  const path = query.size > 0 ? `/changes?${query}` : '/changes';
  const { data, error, stale, reload } = useResource<Log>(path, FRESH);
  const value = (name: string) => place.query.get(name) ?? '';
  const set = (name: string, to: string) => {
    if (value(name) !== to)
      void navigate(withQuery(place, filters, { [name]: to }), { replace: true });
  };
  const filtered = filters.some((name) => value(name) !== '');
  return (
    <s-section padding="none" accessibilityLabel={t('changes.log')}>
      <div className="filters" role="search" aria-label={t('changes.filters')}>
        <s-select
          label={t('changes.filter.kind')}
          labelAccessibilityVisibility="exclusive"
          value={value('kind')}
          onChange={(event) => set('kind', event.currentTarget.value)}
        >
          <s-option value="">{t('changes.filter.any_kind')}</s-option>
          {kinds.map((kind) => (
            <s-option key={kind} value={kind}>
              {tCode('change_kind', kind)}
            </s-option>
          ))}
        </s-select>
        <s-select
          label={t('changes.filter.state')}
          labelAccessibilityVisibility="exclusive"
          value={value('state')}
          onChange={(event) => set('state', event.currentTarget.value)}
        >
          <s-option value="">{t('changes.filter.any_state')}</s-option>
          {states.map((state) => (
            <s-option key={state} value={state}>
              {tCode('change_state', state)}
            </s-option>
          ))}
        </s-select>
        {filtered && (
          <s-button variant="tertiary" onClick={() => void navigate(place.path, { replace: true })}>
            {t('action.clear')}
          </s-button>
        )}
      </div>
      {error && !data ? (
        <div className="inset">
          <Failed error={error} retry={() => void reload()} />
        </div>
      ) : data === undefined ? (
        <SkeletonRows rows={6} />
      ) : data.changes.length === 0 ? (
        <Empty icon={filtered ? 'search' : 'order'} heading={t('changes.none')}>
          {t(filtered ? 'changes.none_found' : 'changes.none_detail')}
        </Empty>
      ) : (
        <div className={stale ? 'dimmed' : undefined}>
          <ul className="plain-list ruled hooks">
            {data.changes.map((entry) => (
              <Row key={entry.id} entry={entry} />
            ))}
          </ul>
          <div className="table-foot">
            <span className="subdued">{t('changes.explain')}</span>
            <Pager known={filters} next={data.next_cursor} busy={stale} />
          </div>
        </div>
      )}
    </s-section>
  );
}

const tones: Record<string, 'success' | 'warning' | 'critical' | 'info'> = {
  done: 'success',
  refused: 'warning',
  parked: 'critical',
  paying: 'warning',
};

function Row({ entry }: { entry: Entry }) {
  const format = useFormat();
  return (
    <li className="hook">
      <div className="hook-main">
        <div className="hook-head">
          <strong>{tCode('change_kind', entry.kind)}</strong>
          <s-badge tone={tones[entry.state] ?? 'info'}>
            {tCode('change_state', entry.state)}
          </s-badge>
          {entry.held && <s-badge tone="warning">{t('changes.held')}</s-badge>}
          {entry.money && <span>{money(entry, (m) => format.money(m))}</span>}
        </div>
        {entry.item !== '' && (
          <p>
            <bdi>{entry.item}</bdi>
          </p>
        )}
        {entry.reason !== '' && <p className="reason break">{entry.reason}</p>}
        {entry.note !== '' && (
          <p className="break">
            <bdi>
              {t(entry.beyond ? 'changes.note_beyond' : 'changes.note', { note: entry.note })}
            </bdi>
          </p>
        )}
        {entry.pay_until && (
          <p className="subdued">
            {t('changes.pay_until', { when: format.dateTime(entry.pay_until) })}
          </p>
        )}
        <p className="subdued hook-meta">
          <s-link href={`/orders/${entry.order_id}`}>{entry.order_name}</s-link>
          <span>{t(`changes.by.${entry.by}` as Key)}</span>
          <time dateTime={entry.created_at} title={format.exact(entry.created_at)}>
            {format.relative(entry.created_at)}
          </time>
        </p>
      </div>
    </li>
  );
}

function money(entry: Entry, write: (m: { minor: number; currency: string }) => string): string {
  const { minor, currency } = entry.money!;
  const amount = write({ minor: Math.abs(minor), currency });
  if (minor < 0) return t('changes.to_pay', { amount });
  return t(entry.credit ? 'changes.credited' : 'changes.given_back', { amount });
}

function SettingsCard() {
  const { data, error, reload } = useResource<Settings>('/changes/settings');
  if (error && !data) return <Failed error={error} retry={() => void reload()} />;
  if (!data)
    return (
      <s-section heading={t('changes.settings')}>
        <Skeleton lines={5} height={220} />
      </s-section>
    );
  return <SettingsForm key={data.version} settings={data} reload={reload} />;
}

function SettingsForm({ settings, reload }: { settings: Settings; reload: () => Promise<void> }) {
  const may = useMay('settings.change');
  const [value, setValue] = useState(settings);
  const [busy, setBusy] = useState(false);
  const changed = JSON.stringify(value) !== JSON.stringify(settings);

  const save = async () => {
    setBusy(true);
    try {
      await put('/changes/settings', value);
      toast(t('changes.saved'));
      await reload();
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('changes.settings')}>
      <s-stack gap="base">
        <s-paragraph color="subdued">{t('changes.settings_detail')}</s-paragraph>
        {switches.map((name) => (
          <s-switch
            key={name}
            label={t(`changes.offer.${name}` as Key)}
            details={t(`changes.offer.${name}_detail` as Key)}
            checked={value[name]}
            disabled={!may}
            onChange={(event) => setValue({ ...value, [name]: event.currentTarget.checked })}
          />
        ))}
        <s-number-field
          label={t('changes.hold')}
          details={t('changes.hold_detail')}
          suffix={t('changes.minutes')}
          min={2}
          max={120}
          step={1}
          value={String(value.hold_minutes)}
          disabled={!may}
          onChange={(event) =>
            setValue({
              ...value,
              hold_minutes: Math.round(Number(event.currentTarget.value)) || 10,
            })
          }
        />
        <s-number-field
          label={t('changes.quantity_most')}
          details={t('changes.quantity_most_detail')}
          min={1}
          max={999}
          step={1}
          value={String(value.quantity_most)}
          disabled={!may}
          onChange={(event) =>
            setValue({
              ...value,
              quantity_most: Math.round(Number(event.currentTarget.value)) || 20,
            })
          }
        />
        <s-number-field
          label={t('changes.pay_hours')}
          details={t('changes.pay_hours_detail')}
          suffix={t('changes.hours')}
          min={1}
          max={168}
          step={1}
          value={String(value.pay_hours)}
          disabled={!may}
          onChange={(event) =>
            setValue({ ...value, pay_hours: Math.round(Number(event.currentTarget.value)) || 48 })
          }
        />
        {may && (
          <s-button
            variant="primary"
            disabled={!changed || busy}
            loading={busy}
            onClick={() => void save()}
          >
            {t('action.save')}
          </s-button>
        )}
      </s-stack>
    </s-section>
  );
}
