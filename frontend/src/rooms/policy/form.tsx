import { useState } from 'react';
import type { FieldProblem } from '../../shell/api';
import { t } from '../../shell/strings';
import type { PolicyForm } from './api';
import { untilSent } from './api';

interface Props {
  form: PolicyForm;
  wrong: FieldProblem[];
  change: (form: PolicyForm) => void;
}

/** The usual promises of a shop. What it cannot say is written as text. */
export function Form({ form, wrong, change }: Props) {
  const set = (part: Partial<PolicyForm>) => change({ ...form, ...part });
  const errorOf = (field: string) => wrong.find((one) => one.field === field)?.detail ?? '';
  return (
    <>
      <s-section heading={t('policy.section.before')}>
        <div className="fields">
          {(['cancel', 'address', 'item'] as const).map((name) => (
            <Soon
              key={name}
              label={t(`policy.${name}`)}
              minutes={form[`${name}_minutes`]}
              error={errorOf(`${name}_minutes`)}
              change={(minutes) => set({ [`${name}_minutes`]: minutes })}
            />
          ))}
        </div>
      </s-section>
      <s-section heading={t('policy.section.returns')}>
        <div className="fields">
          <div className="fields-pair">
            <Days
              label={t('policy.return_days')}
              details={t('policy.return_days_detail')}
              value={form.return_days}
              error={errorOf('return_days')}
              change={(return_days) => set({ return_days })}
            />
            <s-select
              label={t('policy.return_from')}
              details={t('policy.return_from_detail')}
              value={form.return_from}
              onChange={(event) => set({ return_from: event.currentTarget.value ?? 'delivered' })}
            >
              {(['delivered', 'fulfilled', 'placed'] as const).map((from) => (
                <s-option key={from} value={from}>
                  {t(`policy.from_${from}`)}
                </s-option>
              ))}
            </s-select>
          </div>
          <Listed
            label={t('policy.return_except')}
            details={t('policy.return_except_detail')}
            values={form.return_except}
            error={errorOf('return_except')}
            change={(return_except) => set({ return_except })}
          />
          {form.return_by_tag.map((rule, at) => (
            <div key={`tag${at}`} className="condition">
              <Listed
                label={t('policy.by_tag')}
                values={rule.tags}
                error={errorOf(`return_by_tag.${at}`)}
                change={(tags) =>
                  set({ return_by_tag: replaced(form.return_by_tag, at, { ...rule, tags }) })
                }
              />
              <Days
                label={t('policy.days')}
                value={rule.days}
                error=""
                change={(days) =>
                  set({ return_by_tag: replaced(form.return_by_tag, at, { ...rule, days }) })
                }
              />
              <s-button
                variant="tertiary"
                icon="x"
                accessibilityLabel={t('policy.remove')}
                onClick={() =>
                  set({ return_by_tag: form.return_by_tag.filter((_, i) => i !== at) })
                }
              />
            </div>
          ))}
          {form.return_by_country.map((rule, at) => (
            <div key={`country${at}`} className="condition">
              <Listed
                label={t('policy.by_country')}
                values={rule.countries}
                error={errorOf(`return_by_country.${at}`)}
                change={(countries) =>
                  set({
                    return_by_country: replaced(form.return_by_country, at, {
                      ...rule,
                      countries,
                    }),
                  })
                }
              />
              <Days
                label={t('policy.days')}
                value={rule.days}
                error=""
                change={(days) =>
                  set({
                    return_by_country: replaced(form.return_by_country, at, { ...rule, days }),
                  })
                }
              />
              <s-button
                variant="tertiary"
                icon="x"
                accessibilityLabel={t('policy.remove')}
                onClick={() =>
                  set({ return_by_country: form.return_by_country.filter((_, i) => i !== at) })
                }
              />
            </div>
          ))}
          <div className="rule-actions">
            <s-button
              icon="plus"
              onClick={() =>
                set({ return_by_tag: [...form.return_by_tag, { tags: [], days: 60 }] })
              }
            >
              {t('policy.add_tag')}
            </s-button>
            <s-button
              icon="plus"
              onClick={() =>
                set({
                  return_by_country: [...form.return_by_country, { countries: [], days: 60 }],
                })
              }
            >
              {t('policy.add_country')}
            </s-button>
          </div>
        </div>
      </s-section>
      <s-section heading={t('policy.section.law')}>
        <div className="fields">
          <Days
            label={t('policy.withdraw_days')}
            details={t('policy.withdraw_days_detail')}
            value={form.withdraw_days}
            error={errorOf('withdraw_days')}
            change={(withdraw_days) => set({ withdraw_days })}
          />
          <Listed
            label={t('policy.withdraw_except')}
            details={t('policy.withdraw_except_detail')}
            values={form.withdraw_except}
            error={errorOf('withdraw_except')}
            change={(withdraw_except) => set({ withdraw_except })}
          />
          <Days
            label={t('policy.claim_days')}
            details={t('policy.claim_days_detail')}
            value={form.claim_days}
            error={errorOf('claim_days')}
            change={(claim_days) => set({ claim_days })}
          />
        </div>
      </s-section>
    </>
  );
}

const replaced = <T,>(list: T[], at: number, value: T) =>
  list.map((one, i) => (i === at ? value : one));

interface SoonProps {
  label: string;
  minutes: number;
  error: string;
  change: (minutes: number) => void;
}

/** Not at all, for some minutes after placing, or as long as nothing was sent. */
function Soon({ label, minutes, error, change }: SoonProps) {
  const kind = minutes === 0 ? 'never' : minutes === untilSent ? 'sent' : 'minutes';
  return (
    <div className="fields-pair">
      <s-select
        label={label}
        value={kind}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          change(chosen === 'never' ? 0 : chosen === 'sent' ? untilSent : 60);
        }}
      >
        {(['never', 'minutes', 'sent'] as const).map((one) => (
          <s-option key={one} value={one}>
            {t(`policy.soon_${one}`)}
          </s-option>
        ))}
      </s-select>
      {kind === 'minutes' && (
        <s-number-field
          label={t('policy.minutes')}
          suffix={t('policy.minutes_suffix')}
          inputMode="numeric"
          min={1}
          value={String(minutes)}
          error={error}
          onInput={(event) => {
            const typed = Number(event.currentTarget.value);
            if (Number.isInteger(typed) && typed > 0) change(typed);
          }}
        />
      )}
    </div>
  );
}

interface DaysProps {
  label: string;
  details?: string;
  value: number;
  error: string;
  change: (days: number) => void;
}

function Days({ label, details, value, error, change }: DaysProps) {
  return (
    <s-number-field
      label={label}
      details={details ?? ''}
      suffix={t('policy.days_suffix')}
      inputMode="numeric"
      min={0}
      max={365}
      value={String(value)}
      error={error}
      onInput={(event) => {
        const typed = Number(event.currentTarget.value);
        if (event.currentTarget.value.trim() !== '' && Number.isInteger(typed)) change(typed);
      }}
    />
  );
}

interface ListedProps {
  label: string;
  details?: string;
  values: string[];
  error: string;
  change: (values: string[]) => void;
}

function Listed({ label, details, values, error, change }: ListedProps) {
  // As typed: what is read of it would eat each comma while it is written.
  const [text, setText] = useState(values.join(', '));
  return (
    <s-text-field
      label={label}
      details={details ?? ''}
      value={text}
      error={error}
      onInput={(event) => {
        setText(event.currentTarget.value);
        change(
          event.currentTarget.value
            .split(/[,،、]/)
            .map((part) => part.trim())
            .filter(Boolean),
        );
      }}
    />
  );
}
