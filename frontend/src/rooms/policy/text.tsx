import { t } from '../../shell/strings';
import type { Change, Fault } from './api';

interface Props {
  source: string;
  problems: Fault[];
  change: (source: string) => void;
}

/** The policy as it is kept: for what the form cannot say. */
export function Text({ source, problems, change }: Props) {
  return (
    <s-section heading={t('policy.text')}>
      <div className="stack">
        <s-paragraph>{t('policy.text_detail')}</s-paragraph>
        <div className="policy-text">
          <s-text-area
            label={t('policy.text')}
            labelAccessibilityVisibility="exclusive"
            rows={Math.min(30, Math.max(12, source.split('\n').length + 1))}
            value={source}
            error={problems.length > 0 ? t('policy.faults', { count: problems.length }) : ''}
            onInput={(event) => change(event.currentTarget.value)}
          />
        </div>
        {problems.length > 0 && (
          <div role="status">
            <ol className="plain-list ruled">
              {problems.map((fault) => (
                <li key={`${fault.line}.${fault.column}`} className="policy-fault">
                  <b>{t('policy.place', { line: fault.line, column: fault.column })}</b>
                  <code className="mono">{source.split('\n')[fault.line - 1] ?? ''}</code>
                  <span>{fault.detail}</span>
                </li>
              ))}
            </ol>
          </div>
        )}
        <details>
          <summary>{t('policy.help')}</summary>
          <pre className="policy-help mono">{help}</pre>
        </details>
      </div>
    </s-section>
  );
}

/** What a policy may say; the words are the language's own and are not translated. */
const help = `return:
  refuse when product tag "final sale"
  allow until 2027-01-31 when placed from 2026-11-15 and placed until 2026-12-24
  allow within 60 days of delivered or placed when country DE, AT
  allow within 30 days of delivered or placed

sections    cancel  change_address  change_item  return  withdraw  claim
windows     within N minutes|hours|days of placed|fulfilled|delivered (or …)
            until YYYY-MM-DD
conditions  product id, type, vendor, tag …      product is gift-card|digital|discounted
            collection "…"                       price at least|below 50.00 EUR
            order tag "…"                        order is paid|unfulfilled|delivered|…
            customer tag "…"                     customer orders at least|at most N
            country DE, EU, EEA                  total at least|below 50.00 EUR
            placed from|until YYYY-MM-DD         not …
reasons     because "what staff should know"`;

interface DiffProps {
  diff: Change[];
}

/** What would change, line by line, with a little of what stands around it. */
export function Diff({ diff }: DiffProps) {
  if (diff.every((line) => line.op === 'same')) {
    return <p className="subdued">{t('policy.no_changes')}</p>;
  }
  const near = (at: number) =>
    diff.slice(Math.max(0, at - 2), at + 3).some((line) => line.op !== 'same');
  return (
    <ol className="policy-diff mono">
      {diff.map((line, at) => {
        if (!near(at)) return null;
        const sign = line.op === 'added' ? '+' : line.op === 'removed' ? '−' : ' ';
        const content = line.text === '' ? ' ' : line.text;
        return (
          <li key={at} data-op={line.op}>
            <span aria-hidden="true">{sign}</span>
            {line.op === 'added' ? (
              <ins>{content}</ins>
            ) : line.op === 'removed' ? (
              <del>{content}</del>
            ) : (
              <span>{content}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
