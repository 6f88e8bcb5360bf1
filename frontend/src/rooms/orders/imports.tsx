import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { Empty, Failed, SkeletonRows } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Import } from './import-list';
import { ImportList } from './import-list';

const FRESH = 2_000;

/** What was brought from before us, and how far it is. */
export default function ImportScreen() {
  const { data, error, reload } = useResource<{ imports: Import[] }>('/imports', FRESH);
  return (
    <Page heading={t('imports.title')}>
      <s-section padding="none" accessibilityLabel={t('imports.title')}>
        {error && !data ? (
          <div className="inset">
            <Failed error={error} retry={() => void reload()} />
          </div>
        ) : data === undefined ? (
          <SkeletonRows rows={3} />
        ) : data.imports.length === 0 ? (
          <Empty icon="order" heading={t('imports.none')}>
            {t('imports.none_detail')}
          </Empty>
        ) : (
          <>
            <ImportList imports={data.imports} reload={reload} />
            <div className="table-foot">
              <span className="subdued">{t('imports.explain')}</span>
            </div>
          </>
        )}
      </s-section>
    </Page>
  );
}
