import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import type { ScreenProps } from '../../shell/screen';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import type { Message } from './api';
import { MailPreview } from './preview';
import { Resend } from './resend';
import { lookOf, StateBadge } from './state';
import { TryAgain, Waits } from './waits';

const FRESH = 5_000;

/** One mail: what it says, to whom it went, and each step on its way. */
export default function MessageScreen({ id }: ScreenProps) {
  const path = `/messages/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{ message: Message }>(path, FRESH);
  const message = data?.message;
  const back = { href: '/messages', label: t('messages.title') };

  if (error && !message) {
    return (
      <Page heading={t('message.title')} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  return (
    <Page
      heading={
        message ? message.subject || tCode('message_kind', message.kind) : t('message.title')
      }
      back={back}
      waiting={!message}
      primary={message && <Resend message={message} />}
      aside={
        message ? (
          <Facts message={message} />
        ) : (
          <s-section>
            <Skeleton lines={6} height={260} />
          </s-section>
        )
      }
    >
      {message?.reason && message.state !== 'sent' && (
        <s-banner
          tone={message.state === 'failed' ? 'critical' : 'warning'}
          heading={t(
            message.state === 'failed'
              ? 'message.failed'
              : message.state === 'waiting'
                ? 'message.not_yet'
                : 'message.not_sent',
          )}
        >
          <s-paragraph>{message.reason}</s-paragraph>
          <TryAgain message={message} reload={reload} />
        </s-banner>
      )}
      {message?.fallback && (
        <s-banner tone="critical" heading={t('message.fallback')}>
          <s-paragraph>{message.fallback}</s-paragraph>
        </s-banner>
      )}
      {message ? (
        <MailPreview key={message.state} path={`${path}/preview`} sent={message.state === 'sent'} />
      ) : (
        <s-section>
          <Skeleton lines={10} height={720} />
        </s-section>
      )}
    </Page>
  );
}

function Facts({ message }: { message: Message }) {
  const format = useFormat();
  return (
    <>
      <s-section heading={t('message.details')}>
        <dl className="facts">
          <dt>{t('message.state')}</dt>
          <dd>
            <StateBadge state={message.state} />
          </dd>
          {message.state === 'waiting' && message.waits_for && (
            <>
              <dt>{t('message.waits')}</dt>
              <dd>
                <Waits message={message} />
              </dd>
            </>
          )}
          <dt>{t('message.to')}</dt>
          <dd className="break">{message.to || '–'}</dd>
          <dt>{t('message.kind')}</dt>
          <dd>{tCode('message_kind', message.kind)}</dd>
          <dt>{t('message.language')}</dt>
          <dd>{format.language(message.locale)}</dd>
          {message.order && (
            <>
              <dt>{t('message.order')}</dt>
              <dd>
                <s-link href={`/orders/${message.order.id}`}>{message.order.name}</s-link>
              </dd>
            </>
          )}
          {message.variant && (
            <>
              <dt>{t('message.variant')}</dt>
              <dd>{tCode('style', message.variant)}</dd>
            </>
          )}
          {message.variant_reason && (
            <>
              <dt>{t('message.variant_reason')}</dt>
              <dd>{message.variant_reason}</dd>
            </>
          )}
          {message.sent_at && (
            <>
              <dt>{t('message.sent_at')}</dt>
              <dd>{format.dateTime(message.sent_at)}</dd>
            </>
          )}
          {message.delay_ms !== null && (
            <>
              <dt>{t('message.delay')}</dt>
              <dd>{format.duration(message.delay_ms)}</dd>
            </>
          )}
          <dt>{t('message.attempts')}</dt>
          <dd>{format.number(message.attempts)}</dd>
          {message.resend_of && (
            <>
              <dt>{t('message.resend_of')}</dt>
              <dd>
                <s-link href={`/messages/${encodeURIComponent(message.resend_of)}`}>
                  {t('message.first')}
                </s-link>
              </dd>
            </>
          )}
        </dl>
      </s-section>
      <s-section heading={t('message.history')}>
        <ol className="steps">
          {(message.history ?? []).map((step, i, steps) => (
            <li key={i}>
              <span className="event-icon">
                {i === steps.length - 1 ? (
                  <s-icon type={lookOf(step.state).icon} tone={lookOf(step.state).tone} />
                ) : (
                  <s-icon type="check" color="subdued" />
                )}
              </span>
              <span className="event-text">
                <span>{tCode('mail_step', step.state)}</span>
                {step.detail && <span className="subdued break">{step.detail}</span>}
                <time className="subdued" dateTime={step.at} title={format.exact(step.at)}>
                  {format.listTime(step.at)}
                </time>
              </span>
            </li>
          ))}
        </ol>
      </s-section>
      {message.headers && Object.keys(message.headers).length > 0 && (
        <s-section heading={t('message.technical')}>
          <details>
            <summary>{t('message.headers')}</summary>
            <dl className="headers">
              {Object.entries({ 'Message-ID': message.message_id, ...message.headers }).map(
                ([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd className="break">{value}</dd>
                  </div>
                ),
              )}
            </dl>
          </details>
        </s-section>
      )}
    </>
  );
}
