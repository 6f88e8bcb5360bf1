import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { remember } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { t, tCode } from '../../shell/strings';
import { announce, toast } from '../../shell/toast';
import type { Delivery, Finding, Report } from './api';
import { deliveryPath } from './api';
import { Copy } from './copy';
import type { FormProps } from './form';

const looks = {
  good: { tone: 'success', icon: 'check-circle' },
  fair: { tone: 'warning', icon: 'alert-triangle' },
  unknown: { tone: 'info', icon: 'question-circle' },
  bad: { tone: 'critical', icon: 'alert-circle' },
} as const;

const records = ['spf', 'dkim', 'dmarc'] as const;

interface Props extends FormProps {
  delivery: Delivery;
  dirty: boolean;
  may: boolean;
}

/** Whether the world believes mails from this domain, and what to add where it does not. */
export function Domain({ draft, set, errorOf, delivery, dirty, may }: Props) {
  const format = useFormat();
  const [busy, setBusy] = useState(false);
  const { report } = delivery;

  const check = async () => {
    setBusy(true);
    try {
      const answer = await post<{ report: Report }>('/settings/mail/check', {});
      remember(deliveryPath, { ...delivery, report: answer.report });
      announce(tCode('delivery.domain_is', answer.report.verdict));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-section heading={t('delivery.domain')}>
      <div className="fields">
        <div className="domain-head">
          <span>
            {report ? (
              <>
                <strong dir="ltr">{report.domain}</strong>{' '}
                <span>{tCode('delivery.domain_is', report.verdict)}</span>
                <br />
                <span className="subdued">
                  <time dateTime={report.checked_at} title={format.exact(report.checked_at)}>
                    {t('delivery.checked', { when: format.listTime(report.checked_at) })}
                  </time>
                </span>
              </>
            ) : (
              t('delivery.unchecked')
            )}
          </span>
          {may && (
            <s-button
              loading={busy}
              disabled={dirty}
              onClick={() => void check()}
              accessibilityLabel={t(report ? 'delivery.check_again' : 'delivery.check')}
            >
              {t(report ? 'delivery.check_again' : 'delivery.check')}
            </s-button>
          )}
        </div>
        {report && (
          <ul className="plain-list ruled records">
            {records.map((name) => (
              <Record key={name} name={name} finding={report[name]} />
            ))}
          </ul>
        )}
        <s-text-field
          name="selector"
          label={t('delivery.selector')}
          details={t('delivery.selector_detail')}
          value={draft.selector}
          error={errorOf('selector')}
          autocomplete="off"
          onInput={(event) => set('selector', event.currentTarget.value.trim())}
        />
      </div>
    </s-section>
  );
}

function Record({ name, finding }: { name: (typeof records)[number]; finding: Finding }) {
  return (
    <li className="record">
      <div className="hook-head">
        <strong>{t(`delivery.${name}`)}</strong>
        <s-badge {...looks[finding.verdict]}>{tCode('delivery.verdict', finding.verdict)}</s-badge>
        <span className="subdued">{t(`delivery.${name}_is`)}</span>
      </div>
      <p>{finding.detail}</p>
      {finding.record !== '' && (
        <>
          <Copy
            label={t('delivery.record_name', { record: name.toUpperCase() })}
            text={finding.host}
          />
          <Copy
            label={t('delivery.record_value', { record: name.toUpperCase() })}
            text={finding.record}
          />
        </>
      )}
      {finding.found !== '' && (
        <details>
          <summary>{t('delivery.found', { host: finding.host })}</summary>
          <pre className="copy-text" dir="ltr">
            {finding.found}
          </pre>
        </details>
      )}
    </li>
  );
}
