import { useRef, useState } from 'react';
import { asApiError, post, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { Picture } from '../../shell/picture';
import { useResource } from '../../shell/resource';
import { useFormat, useMay } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Answer, Photo, Problem } from './api';
import { ProblemBadge } from './badges';

const FRESH = 10_000;

/** One problem: what is wrong, how it looks, what is proposed, and the answer. */
export function ProblemScreen({ id }: { id: string }) {
  const path = `/requests/problems/${encodeURIComponent(id)}`;
  const { data, error, reload } = useResource<{
    problem: Problem;
    photos: Photo[];
    answers: Answer[];
  }>(path, FRESH);
  const format = useFormat();
  const may = useMay('orders.change');
  const [busy, setBusy] = useState(false);
  const [text, setText] = useState('');
  const request = useRef(crypto.randomUUID());
  const problem = data?.problem;

  const act = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await work();
      toast(done);
      setText('');
      request.current = crypto.randomUUID();
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
      await reload();
    }
  };
  const answer = (closes: boolean) =>
    void act(
      () => post(`${path}/answer`, { request_id: request.current, text, closes }),
      t('problem.done.answer'),
    );
  const move = (state: string) =>
    void act(() => put(`${path}/state`, { state }), tCode('problem_state', state));

  const heading = problem ? tCode('problem_kind', problem.kind) : t('problem.title');
  const back = { href: '/requests?kind=problems', label: t('requests.title') };
  if (error && !problem) {
    return (
      <Page heading={heading} back={back}>
        <Failed error={error} retry={() => void reload()} />
      </Page>
    );
  }
  if (!problem) {
    return (
      <Page heading={heading} back={back} waiting>
        <s-section>
          <Skeleton lines={8} height={320} />
        </s-section>
      </Page>
    );
  }
  return (
    <Page
      heading={heading}
      back={back}
      aside={
        <s-section heading={t('problem.proposal')}>
          <div className="stack-small">
            <strong>{tCode('proposal', problem.proposal)}</strong>
            <span className="subdued">{problem.reason}</span>
          </div>
        </s-section>
      }
    >
      <div className="order-head">
        <ProblemBadge state={problem.state} />
        <s-link href={`/orders/${problem.order_id}`}>{problem.order_name}</s-link>
        <span className="subdued">
          {t('problem.reported', { when: format.dateTime(problem.reported_at) })}
        </span>
      </div>
      <s-section heading={t('problem.what')}>
        <div className="stack-small">
          {problem.items.map((item) => (
            <span key={item.line}>
              {item.quantity} × <bdi>{item.title}</bdi>
            </span>
          ))}
          <p className="reason break">
            <bdi>{problem.description || t('problem.no_text')}</bdi>
          </p>
          {data.photos.length > 0 && (
            <ul className="plain-list photos">
              {data.photos.map((photo, i) => (
                <li key={photo.id}>
                  <Picture
                    path={`/requests/photos/${encodeURIComponent(photo.id)}`}
                    photo={photo}
                    number={i + 1}
                  />
                </li>
              ))}
            </ul>
          )}
        </div>
      </s-section>
      {data.answers.length > 0 && (
        <s-section heading={t('problem.answered')}>
          <div className="stack-small">
            {data.answers.map((one) => (
              <div key={one.id}>
                <span className="subdued">{format.dateTime(one.at)}</span>
                <p className="reason break">{one.text}</p>
              </div>
            ))}
          </div>
        </s-section>
      )}
      {may && (
        <s-section heading={t('problem.answer')}>
          <div className="stack-small">
            <s-text-area
              label={t('problem.answer_text')}
              details={t('problem.answer_detail', {
                language: format.language(problem.locale || 'en'),
              })}
              rows={5}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <div className="request-actions">
              <s-button
                variant="primary"
                disabled={text.trim() === ''}
                loading={busy}
                onClick={() => answer(true)}
              >
                {t('problem.answer_close')}
              </s-button>
              <s-button disabled={busy || text.trim() === ''} onClick={() => answer(false)}>
                {t('problem.answer_send')}
              </s-button>
              <s-button
                variant="tertiary"
                disabled={busy}
                onClick={() => move(problem.state === 'closed' ? 'open' : 'closed')}
              >
                {t(problem.state === 'closed' ? 'problem.reopen' : 'problem.close')}
              </s-button>
            </div>
          </div>
        </s-section>
      )}
    </Page>
  );
}
