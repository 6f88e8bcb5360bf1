import { useResource } from '../../shell/resource';
import { t } from '../../shell/strings';
import type { Import } from '../orders/import-list';
import { active, ImportList } from '../orders/import-list';

const FRESH = 3_000;

/** The imports while they run, or until somebody has looked at what failed. */
export function History() {
  const { data, reload } = useResource<{ imports: Import[] }>('/imports', FRESH);
  const shown = data?.imports.filter((one) => active(one) || one.state === 'failed') ?? [];
  if (shown.length === 0) return null;
  return (
    <s-section heading={t('imports.title')}>
      <ImportList imports={shown} reload={reload} />
      <s-link href="/imports">{t('imports.all')}</s-link>
    </s-section>
  );
}
