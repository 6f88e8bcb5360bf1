import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import type { ScreenProps } from '../../shell/screen';
import { Format } from '../../shell/format';
import { useFormat } from '../../shell/session';
import { Empty, Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { StateBadge } from '../messages/state';
import type { ParcelDetail } from './api';
import { ParcelState } from './badge';

const FRESH = 10_000;

/** One parcel: every scan with its place and the time there, and what the shopper was told. */
export default function ParcelScreen({ id }: ScreenProps) {
  const path = `/tracking/parcels/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{ parcel: ParcelDetail }>(path, FRESH);
  const parcel = data?.parcel;
  const back = { href: '/tracking', label: t('tracking.title') };
  if (error && !parcel) {
    return (
      <Page heading={t('parcel.title', { name: '' })} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  return (
    <Page
      heading={t('parcel.title', { name: parcel ? parcel.name || parcel.id : '' })}
      back={back}
      waiting={!parcel}
      aside={
        parcel ? (
          <Facts parcel={parcel} />
        ) : (
          <s-section>
            <Skeleton lines={6} height={260} />
          </s-section>
        )
      }
    >
      <s-section heading={t('parcel.scans')}>
        {!parcel ? (
          <Skeleton lines={6} height={280} />
        ) : parcel.scans.length === 0 ? (
          <Empty icon="order" heading={t('parcel.no_scans')}>
            {t('parcel.no_scans_detail')}
          </Empty>
        ) : (
          <Scans parcel={parcel} />
        )}
      </s-section>
    </Page>
  );
}

function Scans({ parcel }: { parcel: ParcelDetail }) {
  const shop = useFormat();
  return (
    <ol className="timeline-entries">
      {parcel.scans.map((scan, i) => {
        const local = new Format(shop.locale, scan.zone);
        return (
          <li key={`${scan.at}-${i}`} className="event event-done">
            <span className="event-icon">
              <s-icon type={scan.state === 'delivered' ? 'check-circle' : 'delivery'} />
            </span>
            <span className="event-text">
              <span className="event-title">{scan.text}</span>
              {scan.message && <span className="subdued break">{scan.message}</span>}
              <span className="subdued">
                {scan.place && <bdi>{scan.place} · </bdi>}
                <time dateTime={scan.at}>{local.dateTime(scan.at)}</time>
                {' ('}
                {t(scan.local ? 'parcel.zone' : 'parcel.zone_shop', {
                  zone: scan.zone.replaceAll('_', ' '),
                })}
                {')'}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function laneOf(parcel: ParcelDetail, format: Format): string {
  if (!parcel.country) return '–';
  const to = [format.country(parcel.country), parcel.region].filter(Boolean).join(', ');
  return parcel.origin
    ? t('tracking.lane.route', { from: format.country(parcel.origin), to })
    : t('tracking.lane.to', { to });
}

function Facts({ parcel }: { parcel: ParcelDetail }) {
  const format = useFormat();
  return (
    <>
      <s-section heading={t('parcel.facts')}>
        <dl className="facts">
          <dt>{t('tracking.column.state')}</dt>
          <dd>
            <ParcelState parcel={parcel} />
          </dd>
          <dt>{t('parcel.order')}</dt>
          <dd>
            <s-link href={`/orders/${parcel.order_id}`}>
              {parcel.order_name || parcel.order_id}
            </s-link>
          </dd>
          <dt>{t('tracking.column.carrier')}</dt>
          <dd>{parcel.carrier || '–'}</dd>
          <dt>{t('parcel.number')}</dt>
          <dd className="break">
            {parcel.tracking_url ? (
              <s-link href={parcel.tracking_url} target="_blank">
                {parcel.tracking_number || t('parcel.link')}
              </s-link>
            ) : (
              parcel.tracking_number || '–'
            )}
          </dd>
          <dt>{t('parcel.lane')}</dt>
          <dd>{laneOf(parcel, format)}</dd>
          <dt>{t('tracking.column.expected')}</dt>
          <dd>
            {parcel.expected_until
              ? `${format.date(parcel.expected_until)} (${tCode('expected_source', parcel.expected_source)})`
              : '–'}
          </dd>
          <dt>{t('tracking.column.shipped')}</dt>
          <dd>{format.dateTime(parcel.shipped_at)}</dd>
          {parcel.items.length > 0 && (
            <>
              <dt>{t('parcel.items')}</dt>
              <dd>
                <ul className="plain-list">
                  {parcel.items.map((item) => (
                    <li key={item}>{item}</li>
                  ))}
                </ul>
              </dd>
            </>
          )}
        </dl>
      </s-section>
      <s-section heading={t('parcel.mails')}>
        {parcel.mails.length === 0 ? (
          <p className="subdued">{t('parcel.no_mails')}</p>
        ) : (
          <ul className="plain-list stack-small">
            {parcel.mails.map((mail) => (
              <li key={mail.id}>
                <s-link href={`/messages/${encodeURIComponent(mail.id)}`}>
                  {tCode('message_kind', mail.kind)}
                </s-link>{' '}
                <StateBadge state={mail.state} />
                {mail.reason && <span className="subdued"> {mail.reason}</span>}
              </li>
            ))}
          </ul>
        )}
      </s-section>
    </>
  );
}
