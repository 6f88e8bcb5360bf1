import { useState } from 'react';
import { asApiError, post } from '../../../shell/api';
import { useFormat } from '../../../shell/session';
import { t, tCode } from '../../../shell/strings';
import type { Chosen, Condition, Editing, Rule } from './api';
import { conditions, confirmationPath, errorAt, styles } from './api';

/** Which style an order gets: rules from top to bottom, then the default. */
export function Rules({ draft, change, wrong, currency }: Editing) {
  const put = (rules: Rule[]) => change({ rules });
  const edit = (at: number, rule: Rule) => put(draft.rules.map((r, i) => (i === at ? rule : r)));
  const move = (at: number, by: number) => {
    const rules = [...draft.rules];
    const [rule] = rules.splice(at, 1);
    rules.splice(at + by, 0, rule!);
    put(rules);
  };
  return (
    <s-section heading={t('design.rules')}>
      <div className="stack">
        <s-paragraph>{t('design.rules_detail')}</s-paragraph>
        <ol className="plain-list stack">
          {draft.rules.map((rule, at) => (
            <li key={at}>
              <fieldset className="rule">
                <legend>{t('design.rule', { number: at + 1 })}</legend>
                {errorAt(wrong, `rules.${at}`) && (
                  <p className="rule-wrong">{errorAt(wrong, `rules.${at}`)}</p>
                )}
                {rule.when.map((condition, i) => (
                  <ConditionFields
                    key={i}
                    first={i === 0}
                    condition={condition}
                    currency={currency}
                    error={errorAt(wrong, `rules.${at}.when.${i}`)}
                    change={(next) =>
                      edit(at, { ...rule, when: rule.when.map((c, n) => (n === i ? next : c)) })
                    }
                    remove={
                      rule.when.length > 1
                        ? () => edit(at, { ...rule, when: rule.when.filter((_, n) => n !== i) })
                        : undefined
                    }
                  />
                ))}
                <StyleSelect
                  label={t('design.rule_then')}
                  value={rule.style}
                  change={(style) => edit(at, { ...rule, style })}
                />
                <div className="rule-actions">
                  <s-button
                    variant="tertiary"
                    disabled={rule.when.length >= 6}
                    onClick={() =>
                      edit(at, { ...rule, when: [...rule.when, { kind: 'first_order' }] })
                    }
                  >
                    {t('design.condition_add')}
                  </s-button>
                  <s-button
                    variant="tertiary"
                    icon="arrow-up"
                    disabled={at === 0}
                    accessibilityLabel={t('design.rule_up', { number: at + 1 })}
                    onClick={() => move(at, -1)}
                  />
                  <s-button
                    variant="tertiary"
                    icon="arrow-down"
                    disabled={at === draft.rules.length - 1}
                    accessibilityLabel={t('design.rule_down', { number: at + 1 })}
                    onClick={() => move(at, 1)}
                  />
                  <s-button
                    variant="tertiary"
                    tone="critical"
                    icon="delete"
                    accessibilityLabel={t('design.rule_remove', { number: at + 1 })}
                    onClick={() => put(draft.rules.filter((_, i) => i !== at))}
                  />
                </div>
              </fieldset>
            </li>
          ))}
        </ol>
        <span>
          <s-button
            icon="plus"
            disabled={draft.rules.length >= 20}
            onClick={() =>
              put([...draft.rules, { style: 'warm', when: [{ kind: 'first_order' }] }])
            }
          >
            {t('design.rule_add')}
          </s-button>
        </span>
        <StyleSelect
          label={t('design.default_style')}
          value={draft.default_style}
          change={(default_style) => change({ default_style })}
        />
        <Rehearsal design={draft} />
      </div>
    </s-section>
  );
}

interface SelectProps {
  label: string;
  value: string;
  change: (style: string) => void;
}

export function StyleSelect({ label, value, change }: SelectProps) {
  return (
    <s-select
      label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value ?? '')}
    >
      {styles.map((style) => (
        <s-option key={style} value={style}>
          {t(`style.${style}`)}
        </s-option>
      ))}
    </s-select>
  );
}

interface ConditionProps {
  first: boolean;
  condition: Condition;
  currency: string;
  error: string;
  change: (condition: Condition) => void;
  remove: (() => void) | undefined;
}

function ConditionFields({ first, condition, currency, error, change, remove }: ConditionProps) {
  // As typed: what is read of it would eat each comma while it is written.
  const [text, setText] = useState((condition.values ?? []).join(', '));
  const listed = ['order_tag', 'customer_tag', 'country'].includes(condition.kind);
  return (
    <div className="condition">
      <s-select
        label={t(first ? 'design.when' : 'design.and')}
        value={condition.kind}
        onChange={(event) => change(begin(event.currentTarget.value ?? '', currency))}
      >
        {conditions.map((kind) => (
          <s-option key={kind} value={kind}>
            {t(`condition.${kind}`)}
          </s-option>
        ))}
      </s-select>
      {condition.kind === 'value_at_least' && (
        <s-number-field
          label={t('design.amount')}
          suffix={condition.amount?.currency ?? currency}
          inputMode="decimal"
          min={0}
          value={major(condition.amount)}
          error={error}
          onInput={(event) =>
            change({ ...condition, amount: minor(event.currentTarget.value, currency) })
          }
        />
      )}
      {listed && (
        <s-text-field
          label={t(condition.kind === 'country' ? 'design.countries' : 'design.tags')}
          details={t(
            condition.kind === 'country' ? 'design.countries_detail' : 'design.tags_detail',
          )}
          value={text}
          error={error}
          onInput={(event) => {
            setText(event.currentTarget.value);
            change({ ...condition, values: listOf(event.currentTarget.value) });
          }}
        />
      )}
      {remove && (
        <s-button
          variant="tertiary"
          icon="x"
          accessibilityLabel={t('design.condition_remove')}
          onClick={remove}
        />
      )}
    </div>
  );
}

function begin(kind: string, currency: string): Condition {
  if (kind === 'value_at_least') return { kind, amount: minor('100', currency) };
  return ['order_tag', 'customer_tag', 'country'].includes(kind) ? { kind, values: [] } : { kind };
}

const listOf = (text: string) =>
  text
    .split(/[,،、]/)
    .map((part) => part.trim())
    .filter(Boolean);

const decimals = (currency: string) =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits ?? 2;

export function minor(text: string, currency: string) {
  const value = Number(text);
  const scaled = Number.isFinite(value) ? Math.round(value * 10 ** decimals(currency)) : 0;
  return { minor: scaled, currency };
}

export function major(amount: Condition['amount'] | null): string {
  if (!amount || amount.minor === 0) return '';
  return String(amount.minor / 10 ** decimals(amount.currency));
}

/** The last orders, and what each would get by the rules as they stand in the form. */
function Rehearsal({ design }: { design: Editing['draft'] }) {
  const format = useFormat();
  const [list, setList] = useState<Chosen[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const run = async () => {
    setBusy(true);
    setFailure('');
    try {
      const answer = await post<{ choices: Chosen[] }>(`${confirmationPath}/choices`, { design });
      setList(answer.choices);
    } catch (cause) {
      setFailure(asApiError(cause).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack-small">
      <span>
        <s-button loading={busy} onClick={() => void run()}>
          {t('design.rehearse')}
        </s-button>
      </span>
      <div role="status" className="stack-small">
        {failure && <s-banner tone="critical" heading={failure} />}
        {list && list.length === 0 && <p className="subdued">{t('design.rehearse_none')}</p>}
        {list && list.length > 0 && (
          <>
            <p>{t('design.rehearse_sum', { count: list.length, styles: tally(list) })}</p>
            <ul className="plain-list ruled">
              {list.map((one) => (
                <li key={one.order.id} className="choice">
                  <span>
                    <s-link href={`/orders/${one.order.id}`}>{one.order.name}</s-link>{' '}
                    <span className="subdued">
                      <bdi>{one.order.customer?.name ?? ''}</bdi> ·{' '}
                      <bdi>{format.money(one.order.total)}</bdi>
                    </span>
                  </span>
                  <s-badge tone={one.rule > 0 ? 'info' : 'neutral'}>
                    {tCode('style', one.style)}
                  </s-badge>
                  <span className="subdued choice-why">{one.why}</span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}

function tally(list: Chosen[]): string {
  return styles
    .map((style) => ({ style, count: list.filter((one) => one.style === style).length }))
    .filter(({ count }) => count > 0)
    .map(({ style, count }) => `${t(`style.${style}`)} ${count}`)
    .join(', ');
}
