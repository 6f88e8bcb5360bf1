import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Sender } from './api';
import { senderPath } from './api';
import { SenderForm } from './sender-form';

/** Who our mails come from and how they look. */
export default function SenderScreen() {
  const { data, error, reload } = useResource<Sender>(senderPath);
  if (data) return <SenderForm sender={data} reload={reload} />;
  return (
    <Page
      heading={t('sender.title')}
      waiting
      aside={
        <s-section>
          <Skeleton lines={6} height={300} />
        </s-section>
      }
    >
      {error ? (
        <Failed error={error} retry={() => void reload()} />
      ) : (
        <s-section>
          <Skeleton lines={10} height={480} />
        </s-section>
      )}
    </Page>
  );
}
