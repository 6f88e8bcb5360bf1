import { NeedsScope } from '../../../shell/needs-scope';
import { useResource } from '../../../shell/resource';
import type { Money } from '../../../shell/format';
import { useFormat } from '../../../shell/session';
import { t, tCode } from '../../../shell/strings';
import type { Editing, Offer } from './api';
import { errorAt } from './api';
import { major, minor } from './rules';

interface Code {
  code: string;
  order_id: string;
  state: string;
  reason: string;
  ends_at: string;
  used_order: string | null;
}

const SHOWN = 8;

/** What the inviting style gives away: shown as soon as an order can get that style. */
export function OfferCard({ draft, change, wrong, currency }: Editing) {
  const format = useFormat();
  const used =
    draft.default_style === 'inviting' || draft.rules.some((rule) => rule.style === 'inviting');
  if (!used) return null;
  const offer = draft.offer;
  const set = (part: Partial<Offer>) => change({ offer: { ...offer, ...part } });
  const whole = (text: string) => Math.max(0, Math.round(Number(text) || 0));
  const share = offer.percent > 0 || !offer.amount;
  return (
    <>
      <NeedsScope scope="write_discounts">{t('offer.needs')}</NeedsScope>
      <s-section heading={t('offer.title')}>
        <div className="fields">
          <s-paragraph color="subdued">{t('offer.detail')}</s-paragraph>
          <div className="fields-pair">
            <s-select
              label={t('offer.kind')}
              value={share ? 'percent' : 'amount'}
              onChange={(event) =>
                event.currentTarget.value === 'amount'
                  ? set({ percent: 0, amount: minor('10', currency) })
                  : set({ percent: 10, amount: null })
              }
            >
              <s-option value="percent">{t('offer.kind_percent')}</s-option>
              <s-option value="amount">{t('offer.kind_amount')}</s-option>
            </s-select>
            {share ? (
              <s-number-field
                label={t('offer.percent')}
                suffix="%"
                inputMode="numeric"
                min={1}
                max={100}
                value={String(offer.percent)}
                error={errorAt(wrong, 'offer.percent')}
                onInput={(event) => set({ percent: whole(event.currentTarget.value) || 1 })}
              />
            ) : (
              <s-number-field
                label={t('offer.amount')}
                suffix={currency}
                inputMode="decimal"
                min={0}
                value={major(offer.amount)}
                error={errorAt(wrong, 'offer.amount')}
                onInput={(event) => set({ amount: minor(event.currentTarget.value, currency) })}
              />
            )}
          </div>
          <div className="fields-pair">
            <s-number-field
              label={t('offer.minimum')}
              details={t('offer.minimum_detail')}
              suffix={currency}
              inputMode="decimal"
              min={0}
              value={major(offer.minimum)}
              error={errorAt(wrong, 'offer.minimum')}
              onInput={(event) => set({ minimum: optional(event.currentTarget.value, currency) })}
            />
            <s-number-field
              label={t('offer.days')}
              inputMode="numeric"
              min={1}
              max={365}
              value={String(offer.days)}
              error={errorAt(wrong, 'offer.days')}
              onInput={(event) => set({ days: whole(event.currentTarget.value) || 1 })}
            />
          </div>
          <div className="fields-pair">
            <s-text-field
              label={t('offer.prefix')}
              details={t('offer.prefix_detail')}
              value={offer.prefix}
              maxLength={12}
              error={errorAt(wrong, 'offer.prefix')}
              onInput={(event) => set({ prefix: event.currentTarget.value.toUpperCase() })}
            />
            <s-number-field
              label={t('offer.monthly')}
              details={
                !share && offer.amount
                  ? t('offer.most', {
                      amount: format.money({
                        ...offer.amount,
                        minor: offer.amount.minor * offer.monthly,
                      }),
                    })
                  : t('offer.monthly_detail')
              }
              inputMode="numeric"
              min={1}
              value={String(offer.monthly)}
              error={errorAt(wrong, 'offer.monthly')}
              onInput={(event) => set({ monthly: whole(event.currentTarget.value) || 1 })}
            />
          </div>
        </div>
      </s-section>
      <Codes />
    </>
  );
}

/** A code ends with its last day, as its mail says it. */
function lastDay(format: ReturnType<typeof useFormat>, ends: string): string {
  return format.civil(format.civilOf(new Date(Date.parse(ends) - 1000)));
}

function optional(text: string, currency: string): Money | null {
  const amount = minor(text, currency);
  return amount.minor > 0 ? amount : null;
}

/** The newest codes, and which were used. */
function Codes() {
  const format = useFormat();
  const { data } = useResource<{ codes: Code[] }>('/offers/codes');
  if (!data) return null;
  return (
    <s-section heading={t('offer.codes')}>
      {data.codes.length === 0 ? (
        <s-paragraph color="subdued">{t('offer.codes_none')}</s-paragraph>
      ) : (
        <ul className="plain-list ruled">
          {data.codes.slice(0, SHOWN).map((code) => (
            <li key={code.order_id} className="hook">
              <div className="hook-main">
                <div className="hook-head">
                  <strong className="mono break">{code.code || '–'}</strong>
                  <s-badge tone={code.state === 'used' ? 'success' : 'neutral'}>
                    {tCode('offer_state', code.state)}
                  </s-badge>
                </div>
                {code.reason && <p className="reason break">{code.reason}</p>}
                <p className="subdued hook-meta">
                  <s-link href={`/orders/${code.order_id}`}>{t('offer.for_order')}</s-link>
                  {code.used_order && (
                    <s-link href={`/orders/${code.used_order}`}>{t('offer.used_by')}</s-link>
                  )}
                  <span>{t('offer.until', { when: lastDay(format, code.ends_at) })}</span>
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </s-section>
  );
}
