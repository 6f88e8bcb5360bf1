import { t } from '../../shell/strings';
import type { SetupStep } from './api';

/** The way from installed to working; it goes once all is done. */
export function SetupList({ steps }: { steps: SetupStep[] }) {
  const done = steps.filter((step) => step.done).length;
  if (done === steps.length) return null;
  return (
    <s-section heading={t('home.setup.title')}>
      <div className="setup-head">
        <span className="subdued">{t('home.setup.progress', { done, all: steps.length })}</span>
        <span className="meter" aria-hidden="true">
          <span style={{ inlineSize: `${(100 * done) / steps.length}%` }} />
        </span>
      </div>
      <ol className="plain-list ruled">
        {steps.map((step) => (
          <li key={step.code} className="notice">
            <span className="notice-icon">
              {step.done ? (
                <s-icon type="check-circle-filled" tone="success" />
              ) : (
                <s-icon type="circle-dashed" color="subdued" />
              )}
            </span>
            <span className="notice-text">
              <strong>
                {step.title}
                <span className="unseen">
                  {' '}
                  {t(step.done ? 'home.setup.done' : 'home.setup.open')}
                </span>
              </strong>
              <span className="subdued">{step.detail}</span>
            </span>
            {!step.done && (
              <s-button
                href={step.href}
                accessibilityLabel={t('home.setup.go', { title: step.title })}
              >
                {t('action.start')}
              </s-button>
            )}
          </li>
        ))}
      </ol>
    </s-section>
  );
}
