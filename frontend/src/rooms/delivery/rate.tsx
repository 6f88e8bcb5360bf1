import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import type { Key } from '../../shell/strings';
import { t } from '../../shell/strings';
import type { Delivery, Queue } from './api';
import { queuePath } from './api';
import type { FormProps } from './form';
import { whole } from './whole';

const FRESH = 5_000;

/** How fast mails may leave, and what waits now. */
export function Rate({ draft, set, errorOf, limits }: FormProps & { limits: Delivery['limits'] }) {
  const format = useFormat();
  const detail = (limit: number) =>
    limit === 0
      ? t('delivery.no_limit')
      : t('delivery.operators_limit', { limit: format.number(limit) });
  return (
    <s-section heading={t('delivery.rate')}>
      <div className="fields">
        <Waiting />
        <div className="fields-pair">
          {(['per_minute', 'per_hour'] as const).map((name) => (
            <s-number-field
              key={name}
              name={name}
              label={t(`delivery.${name}`)}
              details={detail(limits[name])}
              inputMode="numeric"
              min={0}
              value={draft[name] === 0 ? '' : String(draft[name])}
              error={errorOf(name)}
              onInput={(event) => set(name, whole(event.currentTarget.value))}
            />
          ))}
        </div>
      </div>
    </s-section>
  );
}

function Waiting() {
  const format = useFormat();
  const { data } = useResource<Queue>(queuePath, FRESH);
  if (!data) return <p className="waiting">{t('delivery.waiting_unknown')}</p>;
  const parts: [number, Key][] = [
    [data.for_turn, 'delivery.for_turn'],
    [data.for_server, 'delivery.for_server'],
    [data.for_operator, 'delivery.for_operator'],
  ];
  return (
    <div className="waiting">
      {data.waiting === 0 ? (
        <p>{t('delivery.none_waiting')}</p>
      ) : (
        <p>
          <s-link href="/messages?state=waiting">
            {t(data.more ? 'delivery.waiting_more' : 'delivery.waiting', { count: data.waiting })}
          </s-link>
        </p>
      )}
      {parts.some(([count]) => count > 0) && (
        <ul>
          {parts
            .filter(([count]) => count > 0)
            .map(([count, key]) => (
              <li key={key}>{t(key, { count })}</li>
            ))}
        </ul>
      )}
      {data.next_turn_at && (
        <p className="subdued">
          {t('delivery.next_turn', { when: format.listTime(data.next_turn_at) })}
        </p>
      )}
    </div>
  );
}
