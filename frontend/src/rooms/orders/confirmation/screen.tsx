import { useEffect, useState } from 'react';
import type { ApiError, FieldProblem } from '../../../shell/api';
import { asApiError, post, put } from '../../../shell/api';
import { Page } from '../../../shell/page';
import { ahead, remember, useResource } from '../../../shell/resource';
import { setLeaveGuard } from '../../../shell/router';
import { Failed, Skeleton } from '../../../shell/states';
import { t } from '../../../shell/strings';
import { toast } from '../../../shell/toast';
import { Advanced } from './advanced';
import type { Confirmation, Design } from './api';
import { confirmationPath } from './api';
import { LanguageSelect } from './language-select';
import { OfferCard } from './offer';
import { DesignPreview } from './preview';
import { Rules, StyleSelect } from './rules';
import { TestSend } from './test-send';
import { Trouble } from './trouble';
import { Versions } from './versions';
import { Voice } from './voice';
import { Blocks, StyleText } from './words';

const SAVE_BAR = 'design-save-bar';
const tabs = ['rules', 'voice', 'words', 'advanced', 'versions'] as const;
type Tab = (typeof tabs)[number];

/** How the order confirmation is written: rules, voice, words, and its versions. */
export default function ConfirmationScreen() {
  const { data, error, reload } = useResource<Confirmation>(confirmationPath);
  if (data) return <Editor data={data} reload={reload} />;
  return (
    <Page heading={t('design.title')} waiting>
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
 * The form keeps what was typed until it is saved or discarded. Publishing
 * saves first, so that what is published is what is on screen.
 */
function Editor({ data, reload }: { data: Confirmation; reload: () => Promise<void> }) {
  const [base, setBase] = useState(data);
  const [draft, setDraft] = useState(data.draft);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState('');
  const [tab, setTab] = useState<Tab>('rules');
  const [language, setLanguage] = useState<string>('en');
  const [style, setStyle] = useState<string>(data.draft.default_style);
  const dirty = JSON.stringify(base.draft) !== JSON.stringify(draft);
  const differs = JSON.stringify(draft) !== JSON.stringify(base.published?.design ?? base.built_in);

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

  const change = (part: Partial<Design>) => {
    setDraft((was) => ({ ...was, ...part }));
    setWrong([]);
  };
  const take = (next: Confirmation) => {
    remember(confirmationPath, next);
    setBase(next);
    setDraft(next.draft);
    setWrong([]);
    setFailure(null);
  };
  const attempt = async (name: string, work: () => Promise<void>) => {
    if (busy !== '') return;
    setBusy(name);
    setFailure(null);
    setWrong([]);
    try {
      await work();
    } catch (cause) {
      const error = asApiError(cause);
      setWrong(error.fields);
      setFailure(error);
    } finally {
      setBusy('');
    }
  };
  const saved = async () => {
    const next = await put<Confirmation>(`${confirmationPath}/draft`, {
      design: draft,
      revision: base.revision,
    });
    take(next);
    return next;
  };
  const save = () =>
    attempt('save', async () => {
      await saved();
      toast(t('design.saved'));
    });
  const publish = () =>
    attempt('publish', async () => {
      const { revision } = dirty || base.revision === 0 ? await saved() : base;
      const next = await post<Confirmation>(`${confirmationPath}/publish`, { revision });
      take(next);
      ahead(`${confirmationPath}/versions`);
      toast(t('design.published', { version: next.published?.version ?? 0 }));
    });
  const discard = () => {
    setDraft(base.draft);
    setWrong([]);
    setFailure(null);
  };
  const editing = { draft, change, wrong, currency: data.currency };

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
        heading={t('design.title')}
        primary={
          <s-button
            slot="primary-action"
            variant="primary"
            disabled={!differs}
            loading={busy === 'publish'}
            onClick={() => void publish()}
          >
            {t('design.publish')}
          </s-button>
        }
      >
        <Trouble
          failure={failure}
          wrong={wrong}
          reload={() => {
            discard();
            void reload();
          }}
        />
        <div className="design-bar">
          <div className="segments" role="group" aria-label={t('design.tabs')}>
            {tabs.map((name) => (
              <button
                key={name}
                type="button"
                className="segment"
                aria-pressed={tab === name}
                onClick={() => setTab(name)}
              >
                {t(`design.tab_${name}`)}
              </button>
            ))}
          </div>
          <span className="badges">
            <s-badge tone={base.published ? 'success' : 'neutral'}>
              {base.published
                ? t('design.state_published', { version: base.published.version })
                : t('design.state_none')}
            </s-badge>
            {base.published && differs && <s-badge tone="info">{t('design.state_draft')}</s-badge>}
          </span>
        </div>
        <div className="design">
          <div className="stack">
            {(tab === 'voice' || tab === 'words') && (
              <s-section>
                <div className="fields-pair">
                  <LanguageSelect value={language} change={setLanguage} />
                  {tab === 'words' && (
                    <StyleSelect
                      label={t('design.editing_style')}
                      value={style}
                      change={setStyle}
                    />
                  )}
                </div>
              </s-section>
            )}
            {tab === 'rules' && (
              <>
                <Rules {...editing} />
                <OfferCard {...editing} />
              </>
            )}
            {tab === 'voice' && <Voice key={language} {...editing} language={language} />}
            {tab === 'words' && (
              <>
                <StyleText
                  key={`${language}.${style}`}
                  {...editing}
                  language={language}
                  style={style}
                />
                <Blocks {...editing} style={style} />
              </>
            )}
            {tab === 'advanced' && <Advanced {...editing} />}
            {tab === 'versions' && <Versions data={base} draft={draft} restored={take} />}
          </div>
          <div className="stack">
            <DesignPreview
              design={draft}
              language={language}
              setLanguage={setLanguage}
              style={style}
              setStyle={setStyle}
            />
            <TestSend style={style} language={language} saved={!dirty && base.revision > 0} />
          </div>
        </div>
      </Page>
    </form>
  );
}
