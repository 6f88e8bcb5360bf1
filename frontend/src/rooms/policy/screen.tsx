import { useEffect, useRef, useState } from 'react';
import type { ApiError, FieldProblem } from '../../shell/api';
import { asApiError, post, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { ahead, remember, useResource } from '../../shell/resource';
import { setLeaveGuard } from '../../shell/router';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Policy, PolicyForm, PolicyText } from './api';
import { policyPath } from './api';
import { Form } from './form';
import { Text } from './text';
import { EffectOf, TryIt } from './try';
import { Versions } from './versions';

const SAVE_BAR = 'policy-save-bar';
const tabs = ['form', 'text', 'versions'] as const;
type Tab = (typeof tabs)[number];

/** What shoppers may do with their orders, until when. */
export default function PolicyScreen() {
  const { data, error, reload } = useResource<Policy>(policyPath);
  if (data) return <Editor data={data} reload={reload} />;
  return (
    <Page heading={t('policy.title')} waiting>
      {error ? (
        <Failed error={error} retry={() => void reload()} />
      ) : (
        <s-section>
          <Skeleton lines={10} height={640} />
        </s-section>
      )}
    </Page>
  );
}

/**
 * The text is the policy; the form is a way to write it. Whatever is typed is
 * understood by the server, so that both sides read a policy alike.
 */
function Editor({ data, reload }: { data: Policy; reload: () => Promise<void> }) {
  const [base, setBase] = useState(data);
  const [draft, setDraft] = useState<PolicyText>(data.draft);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState('');
  const [checking, setChecking] = useState(false);
  const [tab, setTab] = useState<Tab>(data.draft.form ? 'form' : 'text');
  const asked = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const dirty = checking || draft.source !== base.draft.source;
  const differs = draft.source !== base.published.source;
  const usable = !checking && draft.problems.length === 0 && wrong.length === 0;

  if (!dirty && data.revision > base.revision) {
    setBase(data);
    setDraft(data.draft);
  }

  useEffect(() => {
    if (typeof shopify === 'undefined' || !shopify.saveBar) return;
    const bar = shopify.saveBar;
    if (dirty) void bar.show(SAVE_BAR);
    else void bar.hide(SAVE_BAR);
    setLeaveGuard(dirty ? () => bar.leaveConfirmation() : null);
    return () => setLeaveGuard(null);
  }, [dirty]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const check = (body: { source: string } | { form: PolicyForm }) => {
    const turn = ++asked.current;
    setChecking(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void understand(turn, body), 350);
  };
  const understand = async (turn: number, body: { source: string } | { form: PolicyForm }) => {
    try {
      const answer = await post<PolicyText>(`${policyPath}/check`, body);
      if (turn !== asked.current) return;
      // What is being typed stays as it is typed.
      setDraft((was) =>
        'form' in body ? { ...answer, form: was.form } : { ...answer, source: was.source },
      );
      setWrong([]);
      setFailure(null);
    } catch (cause) {
      if (turn !== asked.current) return;
      const error = asApiError(cause);
      setWrong(error.fields);
      if (error.fields.length === 0) setFailure(error);
    } finally {
      if (turn === asked.current) setChecking(false);
    }
  };
  const take = (next: Policy) => {
    asked.current++;
    setChecking(false);
    remember(policyPath, next);
    setBase(next);
    setDraft(next.draft);
    setWrong([]);
    setFailure(null);
  };
  const attempt = async (name: string, work: () => Promise<void>) => {
    if (busy !== '' || checking || wrong.length > 0) return;
    setBusy(name);
    setFailure(null);
    try {
      await work();
    } catch (cause) {
      setFailure(asApiError(cause));
    } finally {
      setBusy('');
    }
  };
  const saved = async () => {
    const next = await put<Policy>(`${policyPath}/draft`, {
      source: draft.source,
      revision: base.revision,
    });
    take(next);
    return next;
  };
  const save = () =>
    attempt('save', async () => {
      await saved();
      toast(t('policy.saved'));
    });
  const publish = () =>
    attempt('publish', async () => {
      const { revision } = dirty || base.revision === 0 ? await saved() : base;
      const next = await post<Policy>(`${policyPath}/publish`, { revision });
      take(next);
      ahead(`${policyPath}/versions`);
      toast(t('policy.published', { version: next.published.version }));
    });
  const discard = () => {
    asked.current++;
    clearTimeout(timer.current);
    setChecking(false);
    setDraft(base.draft);
    setWrong([]);
    setFailure(null);
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onReset={(event) => {
        event.preventDefault();
        discard();
      }}
    >
      <ui-save-bar id={SAVE_BAR}>
        <button variant="primary" type="submit" loading={busy === 'save' ? '' : undefined}>
          {t('action.save')}
        </button>
        <button type="reset" disabled={busy !== ''}>
          {t('action.discard')}
        </button>
      </ui-save-bar>
      <Page
        heading={t('policy.title')}
        primary={
          <s-button
            slot="primary-action"
            variant="primary"
            disabled={!differs || !usable}
            loading={busy === 'publish'}
            onClick={() => void publish()}
          >
            {t('policy.publish')}
          </s-button>
        }
      >
        {failure?.status === 409 ? (
          <s-banner tone="warning" heading={t('policy.conflict')}>
            <s-paragraph>{failure.message}</s-paragraph>
            <s-button
              slot="secondary-actions"
              onClick={() => {
                discard();
                void reload();
              }}
            >
              {t('policy.reload')}
            </s-button>
          </s-banner>
        ) : failure ? (
          <s-banner tone="critical" heading={t('policy.not_saved')}>
            <s-paragraph>{failure.message}</s-paragraph>
          </s-banner>
        ) : wrong.length > 0 ? (
          <s-banner tone="critical" heading={t('policy.check_fields', { count: wrong.length })} />
        ) : null}
        <div className="design-bar">
          <div className="segments" role="group" aria-label={t('policy.tabs')}>
            {tabs.map((name) => (
              <button
                key={name}
                type="button"
                className="segment"
                aria-pressed={tab === name}
                onClick={() => setTab(name)}
              >
                {t(`policy.tab_${name}`)}
              </button>
            ))}
          </div>
          <span className="badges">
            <s-badge tone="success">
              {t('policy.state_published', { version: base.published.version })}
            </s-badge>
            {differs && <s-badge tone="info">{t('policy.state_draft')}</s-badge>}
          </span>
        </div>
        <div className="design">
          <div className="stack">
            {tab === 'form' &&
              (draft.form ? (
                <Form
                  key={base.revision}
                  form={draft.form}
                  wrong={wrong}
                  change={(form) => {
                    setDraft((was) => ({ ...was, form }));
                    check({ form });
                  }}
                />
              ) : (
                <s-section>
                  <p className="subdued">{t('policy.no_form')}</p>
                </s-section>
              ))}
            {tab === 'text' && (
              <Text
                source={draft.source}
                problems={draft.problems}
                change={(source) => {
                  setDraft((was) => ({ ...was, source }));
                  check({ source });
                }}
              />
            )}
            {tab === 'versions' && <Versions diff={draft.diff} restored={take} />}
          </div>
          <div className="stack">
            <TryIt source={draft.source} usable={usable} />
            <EffectOf source={draft.source} usable={usable} />
          </div>
        </div>
      </Page>
    </form>
  );
}
