import { useState } from 'react';
import { asApiError, get } from '../../../shell/api';
import { t } from '../../../shell/strings';
import { toast } from '../../../shell/toast';
import type { Editing } from './api';
import { confirmationPath, errorAt } from './api';

/** What a template can print; the sentence beside it says what that is. */
const variables = [
  ['order.name', 'order_name'],
  ['order.url', 'order_url'],
  ['order.date', 'order_date'],
  ['customer.first_name', 'first_name'],
  ['items', 'items'],
  ['totals', 'totals'],
  ['payments', 'payments'],
  ['shipping.address', 'shipping'],
  ['billing.address', 'billing'],
  ['eta.text', 'eta'],
  ['returns.last_day', 'returns'],
  ['shop.name', 'shop'],
  ['brand.accent', 'brand'],
  ['signature.name', 'signature'],
  ['style', 'style'],
  ['locale', 'locale'],
] as const;

/** The whole template as Liquid, for whom the form is too narrow. */
export function Advanced({ draft, change, wrong }: Editing) {
  const [busy, setBusy] = useState(false);
  const { custom } = draft;
  const begin = async () => {
    setBusy(true);
    try {
      const { source } = await get<{ source: string }>(`${confirmationPath}/template`);
      change({ custom: { enabled: true, source } });
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
    }
  };
  const problems = wrong.filter((problem) => problem.field === 'custom.source');
  return (
    <>
      <s-section heading={t('design.advanced')}>
        <div className="stack">
          <s-paragraph>{t('design.advanced_detail')}</s-paragraph>
          <s-switch
            label={t('design.advanced_on')}
            details={t('design.advanced_on_detail')}
            checked={custom.enabled}
            onChange={(event) =>
              change({ custom: { ...custom, enabled: event.currentTarget.checked } })
            }
          />
          <span>
            <s-button loading={busy} onClick={() => void begin()}>
              {t(custom.source === '' ? 'design.advanced_begin' : 'design.advanced_again')}
            </s-button>
          </span>
          {problems.map((problem) => (
            <p key={problem.detail} className="rule-wrong">
              {problem.detail}
            </p>
          ))}
          {custom.source !== '' && (
            <Source
              source={custom.source}
              bad={lineOf(errorAt(wrong, 'custom.source'))}
              change={(source) => change({ custom: { ...custom, source } })}
            />
          )}
        </div>
      </s-section>
      <s-section heading={t('design.variables')}>
        <dl className="facts">
          {variables.map(([name, key]) => (
            <div key={name} className="variable">
              <dt>
                <code className="mono">{`{{ ${name} }}`}</code>
              </dt>
              <dd>{t(`variable.${key}`)}</dd>
            </div>
          ))}
        </dl>
      </s-section>
    </>
  );
}

const lineOf = (detail: string) => Number(/^Line (\d+) /.exec(detail)?.[1] ?? 0);

interface SourceProps {
  source: string;
  bad: number;
  change: (source: string) => void;
}

/** A plain text field knows no lines, so the line that is wrong is shown beside it. */
function Source({ source, bad, change }: SourceProps) {
  const line = bad > 0 ? source.split('\n')[bad - 1] : undefined;
  return (
    <div className="stack-small">
      {line !== undefined && (
        <pre className="bad-line">
          <span className="subdued">{t('design.bad_line', { line: bad })}: </span>
          {line.slice(0, 2000)}
        </pre>
      )}
      <label className="source">
        <span>{t('design.source')}</span>
        <textarea
          className="mono"
          spellCheck={false}
          rows={24}
          dir="ltr"
          value={source}
          onChange={(event) => change(event.currentTarget.value)}
        />
      </label>
      <p className="subdued">
        {t('design.source_size', { kb: Math.round(new Blob([source]).size / 102.4) / 10 })}
      </p>
    </div>
  );
}
