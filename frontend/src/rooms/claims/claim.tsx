import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { Format } from '../../shell/format';
import { Page } from '../../shell/page';
import { Picture } from '../../shell/picture';
import { useResource } from '../../shell/resource';
import type { ScreenProps } from '../../shell/screen';
import { useFormat, useMay, useSession } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Key } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { tones } from './api';
import type { ClaimDetail, Finding } from './api';

const FRESH = 10_000;

/** One claim: what was said, what was found, what became of it, and the decision. */
export default function ClaimScreen({ id }: ScreenProps) {
  const path = `/claims/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{ claim: ClaimDetail }>(path, FRESH);
  const format = useFormat();
  const claim = data?.claim;
  const heading = claim ? t('claim.heading', { reference: claim.reference }) : t('claim.title');
  const back = { href: '/claims', label: t('claims.title') };
  if (error && !claim) {
    return (
      <Page heading={heading} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  if (!claim) {
    return (
      <Page heading={heading} back={back} waiting>
        <s-section>
          <Skeleton lines={8} height={320} />
        </s-section>
      </Page>
    );
  }
  return (
    <Page heading={heading} back={back} aside={<Found claim={claim} />}>
      <div className="order-head">
        <s-badge tone={tones[claim.state] ?? 'neutral'}>
          {tCode('claim_state', claim.state)}
        </s-badge>
        {claim.overdue && <s-badge tone="critical">{t('claims.overdue')}</s-badge>}
        <s-link href={`/orders/${claim.order_id}`}>{claim.order_name || claim.order_id}</s-link>
        <span className="subdued">{t('claim.made', { when: format.dateTime(claim.made_at) })}</span>
        {claim.state === 'review' && (
          <span className="subdued">{t('claim.due', { when: format.date(claim.due_at) })}</span>
        )}
      </div>
      <Decision key={claim.state} claim={claim} path={path} reload={reload} />
      <s-section heading={t('claim.said')}>
        <div className="stack-small">
          <p className="reason break">
            <bdi>{claim.statement || t('claim.no_text')}</bdi>
          </p>
          {claim.checked.length > 0 && (
            <span className="subdued">
              {t('claim.looked', {
                places: claim.checked.map((place) => tCode('claim_place', place)).join(', '),
              })}
            </span>
          )}
          {claim.photos.length > 0 && (
            <ul className="plain-list photos">
              {claim.photos.map((photo, i) => (
                <li key={photo.id}>
                  <Picture
                    path={`${path}/photos/${encodeURIComponent(photo.id)}`}
                    photo={photo}
                    number={i + 1}
                  />
                </li>
              ))}
            </ul>
          )}
        </div>
      </s-section>
      <History claim={claim} />
      <Travel claim={claim} />
    </Page>
  );
}

function Found({ claim }: { claim: ClaimDetail }) {
  const format = useFormat();
  const money = (minor: number) => format.money({ minor, currency: claim.currency });
  const shown = (f: Finding) =>
    f.code === 'value' || f.code === 'budget'
      ? { have: money(f.have), most: f.most > 0 ? money(f.most) : t('claim.no_bound') }
      : { have: f.have, most: f.most };
  const key = (f: Finding) => {
    if (f.ok) return `claim.finding.${f.code}.ok`;
    const unknown = (f.code === 'address' || f.code === 'earlier') && f.have === 0;
    return `claim.finding.${f.code}.${unknown ? 'unknown' : 'not'}`;
  };
  return (
    <s-section heading={t('claim.findings')}>
      {claim.findings.length === 0 ? (
        <p className="subdued">{t('claim.no_findings')}</p>
      ) : (
        <ul className="plain-list stack-small">
          {claim.findings.map((f) => (
            <li key={f.code} className="found">
              <s-icon
                type={f.ok ? 'check-circle' : 'alert-circle'}
                tone={f.ok ? 'success' : 'warning'}
              />
              <span>{t(key(f) as Key, shown(f))}</span>
            </li>
          ))}
        </ul>
      )}
    </s-section>
  );
}

interface Deciding {
  claim: ClaimDetail;
  path: string;
  reload: () => Promise<void>;
}

/** What staff can do about it now, or what was done. */
function Decision({ claim, path, reload }: Deciding) {
  const may = useMay('orders.change');
  const format = useFormat();
  const [text, setText] = useState('');
  const [choice, setChoice] = useState('');
  const [busy, setBusy] = useState(false);
  const act = async (what: 'approve' | 'refuse' | 'ask', body: unknown) => {
    setBusy(true);
    try {
      await post(`${path}/${what}`, body);
      toast(t(`claim.done.${what}`));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
      await reload();
    }
  };
  const open = ['waiting', 'review', 'asked', 'refused'].includes(claim.state);
  return (
    <>
      {claim.offer && (
        <s-section heading={t('claim.remedy')}>
          <div className="order-head">
            <strong>
              {t(
                (claim.offer.choice
                  ? `makegood.choice.${claim.offer.choice}`
                  : 'makegood.undecided') as Key,
              )}
            </strong>
            <s-badge tone={claim.offer.state === 'done' ? 'success' : 'info'}>
              {tCode('offer_state', claim.offer.state)}
            </s-badge>
            <span>{format.money(claim.offer.worth)}</span>
          </div>
          {claim.offer.reason !== '' && <p className="reason break">{claim.offer.reason}</p>}
        </s-section>
      )}
      {may && open && (
        <s-section heading={t('claim.decide')}>
          <div className="stack-small">
            {claim.remedies.length > 0 ? (
              <>
                <s-choice-list
                  label={t('claim.with', { amount: format.money(claim.worth) })}
                  name="choice"
                  values={[choice]}
                  onChange={(event) => setChoice(event.currentTarget.values?.[0] ?? '')}
                >
                  <s-choice value="">{t('claim.shopper_chooses')}</s-choice>
                  {claim.remedies.map((name) => (
                    <s-choice key={name} value={name}>
                      {t(`makegood.choice.${name}` as Key)}
                    </s-choice>
                  ))}
                </s-choice-list>
                <div className="request-actions">
                  <s-button
                    variant="primary"
                    loading={busy}
                    onClick={() => void act('approve', { choice })}
                  >
                    {t('claim.approve')}
                  </s-button>
                </div>
              </>
            ) : (
              <p className="subdued">{t('claim.nothing_possible')}</p>
            )}
            {claim.state !== 'refused' && (
              <>
                <s-text-area
                  label={t('claim.letter')}
                  details={t('claim.letter_detail', {
                    language: format.language(claim.locale || 'en'),
                  })}
                  rows={4}
                  value={text}
                  onInput={(event) => setText(event.currentTarget.value)}
                />
                <div className="request-actions">
                  {claim.state !== 'asked' && (
                    <s-button
                      disabled={busy || text.trim() === ''}
                      onClick={() => void act('ask', { text })}
                    >
                      {t('claim.ask')}
                    </s-button>
                  )}
                  <s-button
                    tone="critical"
                    disabled={busy || text.trim() === ''}
                    onClick={() => void act('refuse', { text })}
                  >
                    {t('claim.refuse')}
                  </s-button>
                </div>
              </>
            )}
          </div>
        </s-section>
      )}
    </>
  );
}

function History({ claim }: { claim: ClaimDetail }) {
  const format = useFormat();
  return (
    <s-section heading={t('claim.history')}>
      <ol className="timeline-entries">
        {claim.history.toReversed().map((step, i) => (
          <li key={`${step.at}-${i}`} className="event event-done">
            <span className="event-icon">
              <s-icon type={step.by === 'shopper' ? 'person' : 'note'} />
            </span>
            <span className="event-text">
              <span className="event-title">
                {step.what === 'made' ? t('claim.step_made') : tCode('claim_state', step.what)}
              </span>
              {step.text && (
                <span className="subdued break">
                  <bdi>{step.text}</bdi>
                </span>
              )}
              <span className="subdued">
                {tCode('claim_by', step.by)} ·{' '}
                <time dateTime={step.at}>{format.dateTime(step.at)}</time>
              </span>
            </span>
          </li>
        ))}
      </ol>
    </s-section>
  );
}

function Travel({ claim }: { claim: ClaimDetail }) {
  const { shop } = useSession().session;
  const { parcel } = claim;
  return (
    <s-section heading={t('claim.parcel')}>
      <div className="stack-small">
        <s-link href={`/tracking/${claim.parcel_id}`}>
          {[parcel.name, parcel.carrier, parcel.tracking_number].filter(Boolean).join(' · ')}
        </s-link>
        {parcel.items.map((item) => (
          <span key={item}>
            <bdi>{item}</bdi>
          </span>
        ))}
        <ol className="timeline-entries">
          {parcel.scans.map((scan, i) => (
            <li key={`${scan.at}-${i}`} className="event event-done">
              <span className="event-icon">
                <s-icon type={scan.state === 'delivered' ? 'check-circle' : 'delivery'} />
              </span>
              <span className="event-text">
                <span className="event-title">{scan.text}</span>
                {scan.message && <span className="subdued break">{scan.message}</span>}
                <span className="subdued">
                  {scan.place && <bdi>{scan.place} · </bdi>}
                  <time dateTime={scan.at}>
                    {new Format(shop.locale, scan.zone).dateTime(scan.at)}
                  </time>
                </span>
              </span>
            </li>
          ))}
        </ol>
      </div>
    </s-section>
  );
}
