import type { FormEvent } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ApiError, FieldProblem } from '../../shell/api';
import { asApiError, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { remember } from '../../shell/resource';
import { setLeaveGuard } from '../../shell/router';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Sender, SenderSettings } from './api';
import { senderPath } from './api';
import { BrandPreview } from './brand-preview';
import { TestMail } from './test-mail';
import { problemsOf } from './validate';

const SAVE_BAR = 'sender-save-bar';

interface Props {
  sender: Sender;
  reload: () => Promise<void>;
}

/**
 * The form keeps what was typed until it is saved or discarded, whatever
 * arrives meanwhile. Saving says which version it changes; if somebody was
 * faster the merchant sees that and chooses.
 */
export function SenderForm({ sender, reload }: Props) {
  const [base, setBase] = useState(sender.settings);
  const [draft, setDraft] = useState(sender.settings);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [saving, setSaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const dirty = JSON.stringify(base) !== JSON.stringify(draft);

  // Nothing typed: a newer answer is simply taken over.
  if (!dirty && sender.settings.version !== base.version) {
    setBase(sender.settings);
    setDraft(sender.settings);
  }

  useEffect(() => {
    if (typeof shopify === 'undefined' || !shopify.saveBar) return;
    const bar = shopify.saveBar;
    if (dirty) void bar.show(SAVE_BAR);
    else void bar.hide(SAVE_BAR);
    setLeaveGuard(dirty ? () => bar.leaveConfirmation() : null);
    return () => setLeaveGuard(null);
  }, [dirty]);

  useEffect(() => {
    if (wrong.length === 0) return;
    const first = form.current?.querySelector<HTMLElement>(`[name="${wrong[0]!.field}"]`);
    first?.focus();
  }, [wrong]);

  const set = <K extends keyof SenderSettings>(name: K, value: SenderSettings[K]) => {
    setDraft((was) => ({ ...was, [name]: value }));
    setWrong((was) => was.filter((problem) => problem.field !== name));
  };
  const errorOf = (name: keyof SenderSettings) =>
    wrong.find((problem) => problem.field === name)?.detail ?? '';

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (saving) return;
    const found = problemsOf(draft);
    setWrong(found);
    setFailure(null);
    if (found.length > 0) return;
    setSaving(true);
    try {
      const saved = await put<Sender>(senderPath, draft);
      remember(senderPath, saved);
      setBase(saved.settings);
      setDraft(saved.settings);
      toast(t('sender.saved'));
    } catch (cause) {
      const error = asApiError(cause);
      setWrong(error.fields);
      if (error.fields.length === 0) setFailure(error);
    } finally {
      setSaving(false);
    }
  };

  const discard = (event?: FormEvent) => {
    event?.preventDefault();
    setDraft(base);
    setWrong([]);
    setFailure(null);
  };

  const takeTheirs = async () => {
    discard();
    setDraft(base);
    await reload();
  };

  return (
    <form ref={form} noValidate onSubmit={(event) => void save(event)} onReset={discard}>
      {/* Driven by us and not by data-save-bar, which counts a form as saved once it is
          submitted: a refused save would leave changes behind without a bar. */}
      <ui-save-bar id={SAVE_BAR}>
        <button variant="primary" type="submit" loading={saving ? '' : undefined}>
          {t('action.save')}
        </button>
        <button type="reset" disabled={saving}>
          {t('action.discard')}
        </button>
      </ui-save-bar>
      <Page
        heading={t('sender.title')}
        actions={
          <>
            <s-button slot="secondary-actions" href="/settings/delivery">
              {t('delivery.title')}
            </s-button>
            <s-button slot="secondary-actions" href="/setup">
              {t('setup.reopen')}
            </s-button>
          </>
        }
        aside={
          <>
            <s-section heading={t('sender.preview.heading')}>
              <BrandPreview settings={draft} />
            </s-section>
            <TestMail dirty={dirty} />
          </>
        }
      >
        {failure?.status === 409 ? (
          <s-banner tone="warning" heading={t('sender.conflict')}>
            <s-paragraph>{t('sender.conflict_detail')}</s-paragraph>
            <s-button slot="secondary-actions" onClick={() => void takeTheirs()}>
              {t('sender.take_theirs')}
            </s-button>
          </s-banner>
        ) : failure ? (
          <s-banner tone="critical" heading={t('sender.not_saved')}>
            <s-paragraph>{failure.message}</s-paragraph>
          </s-banner>
        ) : wrong.length > 0 ? (
          <s-banner tone="critical" heading={t('sender.check', { count: wrong.length })} />
        ) : null}

        <s-section heading={t('sender.section.identity')}>
          <div className="fields">
            <s-text-field
              name="sender_name"
              label={t('sender.name')}
              details={
                sender.from_address ? t('sender.name_detail', { address: sender.from_address }) : ''
              }
              value={draft.sender_name}
              error={errorOf('sender_name')}
              required
              maxLength={100}
              autocomplete="organization"
              onInput={(event) => set('sender_name', event.currentTarget.value)}
            />
            <div className="fields-pair">
              <s-email-field
                name="reply_to"
                label={t('sender.reply_to')}
                details={t('sender.reply_to_detail')}
                value={draft.reply_to}
                error={errorOf('reply_to')}
                autocomplete="email"
                onInput={(event) => set('reply_to', event.currentTarget.value.trim())}
              />
              <s-email-field
                name="support_email"
                label={t('sender.support')}
                details={t('sender.support_detail')}
                value={draft.support_email}
                error={errorOf('support_email')}
                autocomplete="email"
                onInput={(event) => set('support_email', event.currentTarget.value.trim())}
              />
            </div>
            <s-text-area
              name="postal_address"
              label={t('sender.postal')}
              details={t('sender.postal_detail')}
              value={draft.postal_address}
              error={errorOf('postal_address')}
              rows={3}
              autocomplete="street-address"
              onInput={(event) => set('postal_address', event.currentTarget.value)}
            />
          </div>
        </s-section>

        <s-section heading={t('sender.section.look')}>
          <div className="fields">
            <s-color-field
              name="accent_color"
              label={t('sender.accent')}
              details={t('sender.accent_detail')}
              value={draft.accent_color}
              error={errorOf('accent_color')}
              onInput={(event) => set('accent_color', event.currentTarget.value)}
              onChange={(event) => set('accent_color', event.currentTarget.value)}
            />
            <s-url-field
              name="logo_url"
              label={t('sender.logo')}
              details={t('sender.logo_detail')}
              placeholder="https://"
              value={draft.logo_url}
              error={errorOf('logo_url')}
              onInput={(event) => set('logo_url', event.currentTarget.value.trim())}
            />
          </div>
        </s-section>

        <s-section heading={t('sender.section.confirmation')}>
          <s-switch
            name="confirmation_enabled"
            label={t('sender.enabled')}
            details={t('sender.enabled_detail')}
            checked={draft.confirmation_enabled}
            onChange={(event) => set('confirmation_enabled', event.currentTarget.checked)}
          />
        </s-section>

        <s-section heading={t('sender.section.returns')}>
          <div className="fields-pair">
            <s-number-field
              name="returns_days"
              label={t('sender.days')}
              details={t('sender.days_detail')}
              suffix={t('sender.days_suffix')}
              inputMode="numeric"
              min={0}
              max={365}
              value={Number.isNaN(draft.returns_days) ? '' : String(draft.returns_days)}
              error={errorOf('returns_days')}
              onInput={(event) => set('returns_days', daysOf(event.currentTarget.value))}
            />
            <s-url-field
              name="returns_policy_url"
              label={t('sender.policy')}
              details={t('sender.policy_detail')}
              placeholder="https://"
              value={draft.returns_policy_url}
              error={errorOf('returns_policy_url')}
              onInput={(event) => set('returns_policy_url', event.currentTarget.value.trim())}
            />
          </div>
        </s-section>
      </Page>
    </form>
  );
}

const daysOf = (text: string) => (text.trim() === '' ? NaN : Number(text));
