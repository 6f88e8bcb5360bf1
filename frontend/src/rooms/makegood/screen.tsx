import { useState } from 'react';
import { asApiError, put } from '../../shell/api';
import { decimal, exponent } from '../../shell/format';
import { NeedsScope } from '../../shell/needs-scope';
import { Page } from '../../shell/page';
import { Pager } from '../../shell/pager';
import { useResource } from '../../shell/resource';
import { usePlace } from '../../shell/router';
import { useFormat, useMay } from '../../shell/session';
import { Empty, Failed, Skeleton, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Key } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { minorOf } from './amount';
import { ClaimsCard } from './claims';

interface Goodwill {
  version: number;
  enabled: boolean;
  currency: string;
  late_days: number;
  stalled_hours: number;
  valid_days: number;
  wait: boolean;
  wait_minor: number;
  reship: boolean;
  refund: boolean;
  credit: boolean;
  order_min_minor: number;
  order_max_minor: number;
  cap_order_minor: number;
  cap_month_minor: number;
  countries: string;
}

interface Budget {
  month: string;
  reserved_minor: number;
  spent_minor: number;
}

interface Overview {
  settings: Goodwill;
  budgets: Budget[];
  month: string;
}

interface Offer {
  id: string;
  order_id: string;
  order_name: string;
  parcel_id: string;
  cause: string;
  state: string;
  choice: string;
  worth: { minor: number; currency: string };
  reason: string;
  made_at: string;
}

const scopes = [
  'write_orders',
  'write_draft_orders',
  'write_store_credit_account_transactions',
  'read_store_credit_accounts',
];
const choices = ['wait', 'reship', 'refund', 'credit'] as const;
const spans = ['late_days', 'stalled_hours', 'valid_days'] as const;
const sums = [
  'wait_minor',
  'cap_order_minor',
  'cap_month_minor',
  'order_min_minor',
  'order_max_minor',
] as const;

/** What shoppers of late parcels are offered, what it costs, and what they chose. */
export default function MakegoodScreen() {
  const { data, error, reload } = useResource<Overview>('/makegood');
  return (
    <Page
      heading={t('makegood.title')}
      waiting={!data && !error}
      aside={
        data ? (
          <>
            <SettingsForm key={data.settings.version} settings={data.settings} reload={reload} />
            <ClaimsCard />
          </>
        ) : error ? (
          <Failed error={error} retry={() => void reload()} />
        ) : (
          <s-section heading={t('makegood.settings')}>
            <Skeleton lines={8} height={420} />
          </s-section>
        )
      }
    >
      {data?.settings.enabled &&
        scopes.map((scope) => (
          <NeedsScope key={scope} scope={scope}>
            {t(`makegood.scope.${scope}` as Key)}
          </NeedsScope>
        ))}
      {data && <Budgets overview={data} />}
      <LogCard />
    </Page>
  );
}

/** Each month's budget: the bar is what is taken, the text says it too. */
function Budgets({ overview }: { overview: Overview }) {
  const format = useFormat();
  const { settings, month } = overview;
  const list = overview.budgets.some((b) => b.month === month)
    ? overview.budgets
    : [{ month, reserved_minor: 0, spent_minor: 0 }, ...overview.budgets];
  const most = Math.max(1, settings.cap_month_minor, ...list.map((b) => b.reserved_minor));
  const money = (minor: number) => format.money({ minor, currency: settings.currency });
  return (
    <s-section heading={t('makegood.budget')}>
      <p className="subdued">
        {t('makegood.budget_detail', { amount: money(settings.cap_month_minor) })}
      </p>
      <ul className="plain-list lanes">
        {list.map((b) => (
          <li key={b.month} className="lane">
            <span className="lane-name">{format.month(b.month)}</span>
            <span className="lane-track" aria-hidden="true">
              <span
                className="lane-bar"
                style={{ inlineSize: `${(100 * b.reserved_minor) / most}%` }}
              />
            </span>
            <span className="lane-figure">
              {t('makegood.taken', { amount: money(b.reserved_minor) })}{' '}
              <span className="subdued">
                {t('makegood.spent', { amount: money(b.spent_minor) })}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </s-section>
  );
}

const tones: Record<string, 'success' | 'warning' | 'critical' | 'info'> = {
  open: 'info',
  chosen: 'info',
  done: 'success',
  refused: 'warning',
  parked: 'critical',
};

function LogCard() {
  const cursor = usePlace().query.get('cursor');
  const path = cursor ? `/makegood/offers?cursor=${cursor}` : '/makegood/offers';
  const { data, error, stale, reload } = useResource<{
    offers: Offer[];
    next_cursor: string | null;
  }>(path, 5_000);
  const format = useFormat();
  return (
    <s-section padding="none" accessibilityLabel={t('makegood.log')}>
      {error && !data ? (
        <div className="inset">
          <Failed error={error} retry={() => void reload()} />
        </div>
      ) : data === undefined ? (
        <SkeletonRows rows={6} />
      ) : data.offers.length === 0 ? (
        <Empty icon="order" heading={t('makegood.none')}>
          {t('makegood.none_detail')}
        </Empty>
      ) : (
        <div className={stale ? 'dimmed' : undefined}>
          <ul className="plain-list ruled hooks">
            {data.offers.map((offer) => (
              <li key={offer.id} className="hook">
                <div className="hook-main">
                  <div className="hook-head">
                    <strong>
                      {t(
                        (offer.choice
                          ? `makegood.choice.${offer.choice}`
                          : offer.state === 'ended'
                            ? 'makegood.nothing_chosen'
                            : 'makegood.undecided') as Key,
                      )}
                    </strong>
                    <s-badge tone={tones[offer.state] ?? 'neutral'}>
                      {tCode('offer_state', offer.state)}
                    </s-badge>
                    {offer.worth.minor > 0 && offer.choice !== '' && (
                      <span>{format.money(offer.worth)}</span>
                    )}
                  </div>
                  {offer.reason !== '' && <p className="reason break">{offer.reason}</p>}
                  <p className="subdued hook-meta">
                    <s-link href={`/orders/${offer.order_id}`}>
                      {offer.order_name || offer.order_id}
                    </s-link>
                    <s-link href={`/tracking/${offer.parcel_id}`}>
                      {t(`makegood.cause.${offer.cause}` as Key)}
                    </s-link>
                    <time dateTime={offer.made_at} title={format.exact(offer.made_at)}>
                      {format.relative(offer.made_at)}
                    </time>
                  </p>
                </div>
              </li>
            ))}
          </ul>
          <div className="table-foot">
            <span className="subdued">{t('makegood.explain')}</span>
            <Pager known={[]} next={data.next_cursor} busy={stale} />
          </div>
        </div>
      )}
    </s-section>
  );
}

function SettingsForm({ settings, reload }: { settings: Goodwill; reload: () => Promise<void> }) {
  const may = useMay('settings.change');
  const digits = exponent(settings.currency);
  const [value, setValue] = useState(settings);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const changed = JSON.stringify(value) !== JSON.stringify(settings);

  const save = async () => {
    setBusy(true);
    try {
      await put('/makegood', value);
      toast(t('makegood.saved'));
      await reload();
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('makegood.settings')}>
      <s-stack gap="base">
        <s-switch
          label={t('makegood.enabled')}
          details={t('makegood.enabled_detail')}
          checked={value.enabled}
          disabled={!may}
          onChange={(event) => setValue({ ...value, enabled: event.currentTarget.checked })}
        />
        {spans.map((name) => (
          <s-number-field
            key={name}
            label={t(`makegood.${name}` as Key)}
            min={name === 'valid_days' ? 1 : 0}
            max={name === 'stalled_hours' ? 720 : 60}
            step={1}
            value={String(value[name])}
            disabled={!may}
            onChange={(event) =>
              setValue({ ...value, [name]: Math.round(Number(event.currentTarget.value)) || 0 })
            }
          />
        ))}
        {choices.map((name) => (
          <s-switch
            key={name}
            label={t(`makegood.choice.${name}` as Key)}
            checked={value[name]}
            disabled={!may}
            onChange={(event) => setValue({ ...value, [name]: event.currentTarget.checked })}
          />
        ))}
        {sums.map((name) => (
          <s-text-field
            key={name}
            label={t(`makegood.${name}` as Key)}
            details={name === 'order_max_minor' ? t('makegood.no_bound') : undefined}
            suffix={settings.currency}
            value={decimal(value[name], digits)}
            error={wrong.includes(name) ? t('makegood.amount_wrong') : undefined}
            disabled={!may}
            onChange={(event) => {
              const minor = minorOf(event.currentTarget.value, digits);
              setWrong(wrong.filter((w) => w !== name).concat(minor === undefined ? [name] : []));
              if (minor !== undefined) setValue({ ...value, [name]: minor });
            }}
          />
        ))}
        <s-text-field
          label={t('makegood.countries')}
          details={t('makegood.countries_detail')}
          value={value.countries}
          disabled={!may}
          onChange={(event) => setValue({ ...value, countries: event.currentTarget.value })}
        />
        {may && (
          <s-button
            variant="primary"
            disabled={!changed || busy || wrong.length > 0}
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
