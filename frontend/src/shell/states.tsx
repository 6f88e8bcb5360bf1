import type { ReactNode } from 'react';
import type { ApiError } from './api';
import { t } from './strings';

/** Something could not be read: what, why, and a way to try again. */
export function Failed({ error, retry }: { error: ApiError; retry: () => void }) {
  const missing = error.status === 404;
  return (
    <s-banner
      tone={missing ? 'warning' : 'critical'}
      heading={t(missing ? 'error.missing_title' : 'error.title')}
    >
      <s-paragraph>{error.message}</s-paragraph>
      {error.requestId !== '' && (
        <s-paragraph color="subdued">{t('error.reference', { id: error.requestId })}</s-paragraph>
      )}
      <s-button slot="secondary-actions" onClick={retry}>
        {t('action.retry')}
      </s-button>
    </s-banner>
  );
}

/** Grey lines that take the room of what is coming. */
export function Skeleton({ lines = 3, height }: { lines?: number; height?: number }) {
  return (
    <div className="skeleton" aria-hidden="true" style={height ? { minHeight: height } : undefined}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} style={{ inlineSize: `${[92, 78, 85, 64][i % 4]}%` }} />
      ))}
    </div>
  );
}

/** Rows of a list that is coming; the page says "loading" once. */
export function SkeletonRows({ rows = 8 }: { rows?: number }) {
  return (
    <div className="skeleton-rows" role="status">
      <span className="unseen">{t('state.loading')}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skeleton-row" aria-hidden="true">
          <span style={{ inlineSize: '12%' }} />
          <span style={{ inlineSize: '26%' }} />
          <span style={{ inlineSize: '16%' }} />
          <span style={{ inlineSize: '14%' }} />
        </div>
      ))}
    </div>
  );
}

export function Empty({
  icon,
  heading,
  children,
}: {
  icon: 'order' | 'email' | 'check-circle' | 'search' | 'page';
  heading: string;
  children: ReactNode;
}) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <s-icon type={icon} color="subdued" />
      </span>
      <h2>{heading}</h2>
      <p>{children}</p>
    </div>
  );
}
