import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { useFormat, useMay } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Withdrawal } from './api';
import { WithdrawalBadges } from './badges';

const FRESH = 10_000;

/** One withdrawal: what was declared, what it comes to, and the answer. */
export function WithdrawalScreen({ id }: { id: string }) {
  const path = `/requests/withdrawals/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{ withdrawal: Withdrawal }>(path, FRESH);
  const format = useFormat();
  const may = useMay('orders.change');
  const [busy, setBusy] = useState('');
  const w = data?.withdrawal;

  const act = async (what: string, body?: unknown) => {
    setBusy(what);
    try {
      await post(`${path}/${what}`, body ?? {});
      toast(t(`withdrawal.done.${what}` as 'withdrawal.done.match'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy('');
      await reload();
    }
  };

  const heading = t('withdrawal.title', { reference: w?.reference ?? '' });
  const back = { href: '/requests', label: t('requests.title') };
  if (error && !w) {
    return (
      <Page heading={heading} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  if (!w) {
    return (
      <Page heading={heading} back={back} waiting>
        <s-section>
          <Skeleton lines={8} height={320} />
        </s-section>
      </Page>
    );
  }
  return (
    <Page heading={heading} back={back} aside={<Terms withdrawal={w} />}>
      <div className="order-head">
        <WithdrawalBadges withdrawal={w} />
        <span className="subdued">
          {t('withdrawal.received', { when: format.exact(w.received_at) })}
        </span>
      </div>
      <s-section heading={t('withdrawal.declared')}>
        <dl className="facts">
          <dt>{t('withdrawal.name')}</dt>
          <dd>
            <bdi>{w.name || '–'}</bdi>
          </dd>
          <dt>{t('withdrawal.email')}</dt>
          <dd className="break">{w.email || '–'}</dd>
          <dt>{t('withdrawal.order')}</dt>
          <dd>
            <bdi>{w.typed_order || '–'}</bdi>
          </dd>
          <dt>{t('withdrawal.items')}</dt>
          <dd>
            <bdi>{w.typed_items || t('withdrawal.all')}</bdi>
          </dd>
        </dl>
      </s-section>
      {w.items.length > 0 && (
        <s-section heading={t('withdrawal.findings')}>
          <ul className="plain-list ruled">
            {w.items.map((item, i) => (
              <li key={i} className="finding">
                <span className="finding-head">
                  <strong>
                    <bdi>{item.title}</bdi>
                  </strong>
                  <s-badge tone={item.finding === 'in_time' ? 'success' : 'warning'}>
                    {tCode('finding', item.finding)}
                  </s-badge>
                </span>
                <span className="subdued">{item.reason}</span>
              </li>
            ))}
          </ul>
        </s-section>
      )}
      {w.state !== 'answered' && may && (
        <Match withdrawal={w} busy={busy} match={(order) => void act('match', { order })} />
      )}
      {w.state === 'received' && may && (
        <Dismiss busy={busy} dismiss={(reason) => void act('dismiss', { reason })} />
      )}
      {w.state === 'matched' && may && (
        <Answer
          busy={busy}
          answer={(accepted, text) => void act('answer', { accepted, text })}
          accept={w.finding === 'in_time' || w.finding === 'partly'}
        />
      )}
      {w.state === 'answered' && (
        <s-section heading={t('withdrawal.answered')}>
          <p className="reason break">{w.answer || t('withdrawal.no_words')}</p>
        </s-section>
      )}
      {w.state === 'dismissed' && (
        <s-section heading={t('withdrawal.dismissed')}>
          <p className="reason break">{w.answer}</p>
        </s-section>
      )}
      {!w.refunded_at && may && (w.state === 'matched' || w.accepted) && (
        <s-section heading={t('withdrawal.refund')}>
          <div className="stack-small">
            <s-paragraph>{t('withdrawal.refund_detail')}</s-paragraph>
            <span>
              <s-button loading={busy === 'refunded'} onClick={() => void act('refunded')}>
                {t('withdrawal.mark_refunded')}
              </s-button>
            </span>
          </div>
        </s-section>
      )}
    </Page>
  );
}

function Terms({ withdrawal: w }: { withdrawal: Withdrawal }) {
  const format = useFormat();
  return (
    <s-section heading={t('withdrawal.terms')}>
      <dl className="facts">
        <dt>{t('withdrawal.belongs_to')}</dt>
        <dd>
          {w.order_id ? (
            <s-link href={`/orders/${w.order_id}`}>{w.order_name}</s-link>
          ) : (
            t('withdrawal.unknown')
          )}
        </dd>
        <dt>{t('withdrawal.last_day')}</dt>
        <dd>{w.last_day ? format.civil(w.last_day) : t('withdrawal.open')}</dd>
        <dt>{t('withdrawal.refund_by')}</dt>
        <dd>{format.civil(w.refund_by)}</dd>
        {w.refunded_at && (
          <>
            <dt>{t('requests.refunded')}</dt>
            <dd>{format.dateTime(w.refunded_at)}</dd>
          </>
        )}
        <dt>{t('withdrawal.language')}</dt>
        <dd>{w.locale ? format.language(w.locale) : '–'}</dd>
      </dl>
    </s-section>
  );
}

interface MatchProps {
  withdrawal: Withdrawal;
  busy: string;
  match: (order: string) => void;
}

function Match({ withdrawal, busy, match }: MatchProps) {
  const [order, setOrder] = useState('');
  return (
    <s-section heading={t('withdrawal.match')}>
      <div className="stack-small">
        <s-paragraph>
          {t(withdrawal.order_id ? 'withdrawal.match_again' : 'withdrawal.match_detail')}
        </s-paragraph>
        <s-text-field
          label={t('withdrawal.match_order')}
          value={order}
          placeholder="#1042"
          onInput={(event) => setOrder(event.currentTarget.value)}
        />
        <span>
          <s-button
            disabled={order.trim() === ''}
            loading={busy === 'match'}
            onClick={() => match(order)}
          >
            {t('withdrawal.match_save')}
          </s-button>
        </span>
      </div>
    </s-section>
  );
}

interface DismissProps {
  busy: string;
  dismiss: (reason: string) => void;
}

function Dismiss({ busy, dismiss }: DismissProps) {
  const [reason, setReason] = useState('');
  return (
    <s-section heading={t('withdrawal.dismiss')}>
      <div className="stack-small">
        <s-paragraph>{t('withdrawal.dismiss_detail')}</s-paragraph>
        <s-text-field
          label={t('withdrawal.dismiss_reason')}
          value={reason}
          maxLength={500}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <span>
          <s-button
            disabled={reason.trim() === ''}
            loading={busy === 'dismiss'}
            onClick={() => dismiss(reason)}
          >
            {t('withdrawal.dismiss_save')}
          </s-button>
        </span>
      </div>
    </s-section>
  );
}

interface AnswerProps {
  busy: string;
  accept: boolean;
  answer: (accepted: boolean, text: string) => void;
}

function Answer({ busy, accept, answer }: AnswerProps) {
  const [text, setText] = useState('');
  const loading = busy === 'answer';
  return (
    <s-section heading={t('withdrawal.answer')}>
      <div className="stack-small">
        <s-paragraph>
          {t(accept ? 'withdrawal.answer_accept' : 'withdrawal.answer_decline')}
        </s-paragraph>
        <s-text-area
          label={t('withdrawal.answer_text')}
          details={t('withdrawal.answer_text_detail')}
          rows={4}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <div className="request-actions">
          <s-button
            variant={accept ? 'primary' : 'secondary'}
            loading={loading}
            onClick={() => answer(true, text)}
          >
            {t('withdrawal.accept')}
          </s-button>
          <s-button
            variant={accept ? 'secondary' : 'primary'}
            disabled={loading}
            onClick={() => answer(false, text)}
          >
            {t('withdrawal.decline')}
          </s-button>
        </div>
      </div>
    </s-section>
  );
}
