import { useResource } from '../../shell/resource';
import { SkeletonRows } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Import } from '../orders/import-list';
import { ImportList } from '../orders/import-list';
import type { StepProps } from './step';
import { StepForm } from './step';

const FRESH = 2_000;

/** What the shop had before, on its way here; nobody has to wait for it. */
export function ImportStep(props: StepProps) {
  const { data, reload } = useResource<{ imports: Import[] }>('/imports', FRESH);
  return (
    <StepForm
      {...props}
      wrong={[]}
      setWrong={() => undefined}
      save={async () => undefined}
      action={t('setup.go_on')}
    >
      <s-paragraph>{t('setup.import.detail')}</s-paragraph>
      <div className="setup-inset">
        {data ? <ImportList imports={data.imports} reload={reload} /> : <SkeletonRows rows={3} />}
      </div>
    </StepForm>
  );
}
