import { useState } from 'react';
import type { ApiError } from '../../shell/api';
import { asApiError, post } from '../../shell/api';
import { ahead, remember, useResource } from '../../shell/resource';
import { Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Orders } from '../orders/api';
import type { Confirmation } from '../orders/confirmation/api';
import { confirmationPath } from '../orders/confirmation/api';
import { Sheet } from '../orders/confirmation/preview';
import { TestSend } from '../orders/confirmation/test-send';
import { Trouble } from '../orders/confirmation/trouble';
import { lastOrderPath } from './last';
import { useShown } from './shown';
import type { StepProps } from './step';
import { mark } from './step';
import type { Work } from './work';
import { saveDraft } from './work';

/** The draft on the shop's own last order, in a real mailbox, and in use. */
export function TryStep({ work, step, settled }: StepProps & { work: Work }) {
  const { design } = work;
  const { data } = useResource<Orders>(lastOrderPath);
  const last = data?.orders[0];
  const { shown, failure } = useShown(design.draft, last?.id ?? '', '', '');
  const [trouble, setTrouble] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState('');
  const inUse =
    design.published !== null &&
    JSON.stringify(design.published.design) === JSON.stringify(design.draft);

  const attempt = async (name: string, work: () => Promise<void>) => {
    setBusy(name);
    setTrouble(null);
    try {
      await work();
    } catch (cause) {
      setTrouble(asApiError(cause));
    } finally {
      setBusy('');
    }
  };
  const publish = () =>
    attempt('publish', async () => {
      if (!inUse) {
        const { revision } = await saveDraft(work, {});
        const next = await post<Confirmation>(`${confirmationPath}/publish`, { revision });
        remember(confirmationPath, next);
        ahead(`${confirmationPath}/versions`);
        toast(t('design.published', { version: next.published?.version ?? 0 }));
      }
      settled(await mark('try', 'done'));
    });
  return (
    <div className="setup-pair">
      <div className="stack">
        <s-paragraph>
          {last ? t('setup.try.on_order', { order: last.name }) : t('setup.try.on_sample')}
        </s-paragraph>
        {shown && (
          <p className="subdued setup-note">
            {tCode('style', shown.style)}. {shown.why}.
          </p>
        )}
        <Trouble
          failure={trouble}
          wrong={trouble?.fields ?? []}
          reload={() => ahead(confirmationPath)}
        />
        {trouble && (
          <p className="setup-note">
            <a href="/confirmation">{t('setup.try.mend')}</a>
          </p>
        )}
        <TestSend
          style={shown?.style ?? design.draft.default_style}
          language={shown?.locale ?? 'en'}
          saved={design.revision > 0}
        />
        <div className="setup-actions">
          <s-button variant="primary" loading={busy === 'publish'} onClick={() => void publish()}>
            {inUse ? t('setup.try.in_use') : t('design.publish')}
          </s-button>
          {step.state === 'todo' && (
            <s-button
              variant="tertiary"
              loading={busy === 'skip'}
              accessibilityLabel={t('setup.skip_one', { title: t('setup.try.title') })}
              onClick={() =>
                void attempt('skip', async () => settled(await mark('try', 'skipped')))
              }
            >
              {t('setup.skip')}
            </s-button>
          )}
        </div>
      </div>
      <div className="stage stage-phone">
        {failure && <s-banner tone="warning" heading={failure} />}
        {shown ? (
          <Sheet shown={shown} view="phone" />
        ) : (
          <div className="sheet">
            <Skeleton lines={8} />
          </div>
        )}
      </div>
    </div>
  );
}
