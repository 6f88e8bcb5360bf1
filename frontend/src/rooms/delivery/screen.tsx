import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Delivery } from './api';
import { deliveryPath } from './api';
import './delivery.css';
import { DeliveryForm } from './form';

/** How mails leave, how fast, whether they are believed, and what comes back. */
export default function DeliveryScreen() {
  const { data, error, reload } = useResource<Delivery>(deliveryPath);
  if (data) return <DeliveryForm delivery={data} reload={reload} />;
  return (
    <Page
      heading={t('delivery.title')}
      waiting
      back={{ href: '/settings', label: t('nav.settings') }}
      aside={
        <s-section>
          <Skeleton lines={5} height={240} />
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
