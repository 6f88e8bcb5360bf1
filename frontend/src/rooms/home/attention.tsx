import { t } from '../../shell/strings';
import type { Attention } from './api';

const look = {
  critical: { icon: 'alert-octagon', tone: 'critical' },
  warning: { icon: 'alert-triangle', tone: 'warning' },
  info: { icon: 'info', tone: 'info' },
} as const;

/** What will not mend itself, worst first, each with the place to mend it. */
export function AttentionList({ items }: { items: Attention[] }) {
  return (
    <s-section heading={t('home.attention.title')}>
      {items.length === 0 ? (
        <p className="all-well">
          <s-icon type="check-circle-filled" tone="success" />
          {t('home.attention.none')}
        </p>
      ) : (
        <ul className="plain-list ruled">
          {items.map((item) => (
            <li key={item.code} className="notice">
              <span className={`notice-icon tone-${item.severity}`}>
                <s-icon type={look[item.severity].icon} tone={look[item.severity].tone} />
              </span>
              <span className="notice-text">
                <strong>
                  <span className="unseen">{t(`home.attention.${item.severity}`)} </span>
                  {item.title}
                </strong>
                <span className="subdued">{item.detail}</span>
              </span>
              <s-button
                href={item.href}
                accessibilityLabel={t('home.attention.open', { title: item.title })}
              >
                {t('action.review')}
              </s-button>
            </li>
          ))}
        </ul>
      )}
    </s-section>
  );
}
