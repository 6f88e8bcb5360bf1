import { t } from '../../shell/strings';
import type { Setup } from '../setup/api';
import { nextAfter, open } from '../setup/api';

/** What is left of the way from installed to working; it goes once all is done. */
export function SetupList({ setup }: { setup: Setup }) {
  const left = open(setup);
  const all = setup.steps.length;
  const next = nextAfter(setup, '');
  if (next === '') return null;
  const done = all - left.length;
  const rest = left.slice(1).map((step) => t(`setup.${step.step}.title`));
  return (
    <s-section heading={t('home.setup.title')}>
      <div className="setup-head">
        <span className="subdued">{t('home.setup.progress', { done, all })}</span>
        <span className="meter" aria-hidden="true">
          <span style={{ inlineSize: `${(100 * done) / all}%` }} />
        </span>
      </div>
      <div className="notice">
        <span className="notice-text">
          <strong>{t('home.setup.next', { title: t(`setup.${next}.title`) })}</strong>
          {rest.length > 0 && (
            <span className="subdued">{t('home.setup.left', { titles: rest.join(' · ') })}</span>
          )}
        </span>
        <s-button
          href={`/setup?step=${next}`}
          variant={done === 0 ? 'primary' : 'secondary'}
          accessibilityLabel={t('home.setup.go')}
        >
          {t('action.start')}
        </s-button>
      </div>
    </s-section>
  );
}
