import type { FormEvent } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ApiError, FieldProblem } from '../../shell/api';
import { asApiError, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { remember } from '../../shell/resource';
import { setLeaveGuard } from '../../shell/router';
import { useFormat, useMay } from '../../shell/session';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Delivery, MailSettings } from './api';
import { deliveryPath } from './api';
import { Domain } from './domain';
import { Rate } from './rate';
import { Reports } from './reports';
import { Server } from './server';
import { TryServer } from './try-server';

const SAVE_BAR = 'delivery-save-bar';

/** What a section of the form is given. */
export interface FormProps {
  draft: MailSettings;
  set: <K extends keyof MailSettings>(name: K, value: MailSettings[K]) => void;
  errorOf: (name: keyof MailSettings) => string;
}

interface Props {
  delivery: Delivery;
  reload: () => Promise<void>;
}

/** The answer has no password; null keeps the one that the server has. */
const editable = (mail: MailSettings): MailSettings => ({ ...mail, password: null });

/**
 * One document for all sections. The server has the last word on each field; a
 * version that somebody else saved meanwhile is shown and not written over.
 */
export function DeliveryForm({ delivery, reload }: Props) {
  const format = useFormat();
  const may = useMay('settings.change');
  const [base, setBase] = useState(() => editable(delivery.mail));
  const [draft, setDraft] = useState(base);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [saving, setSaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const dirty = JSON.stringify(base) !== JSON.stringify(draft);

  const take = (mail: MailSettings) => {
    setBase(editable(mail));
    setDraft(editable(mail));
  };
  if (!dirty && delivery.mail.version > base.version) take(delivery.mail);

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
    form.current?.querySelector<HTMLElement>(`[name="${wrong[0]!.field}"]`)?.focus();
  }, [wrong]);

  const parts: FormProps = {
    draft,
    set: (name, value) => {
      setDraft((was) => ({ ...was, [name]: value }));
      setWrong((was) => was.filter((problem) => problem.field !== name));
    },
    errorOf: (name) => wrong.find((problem) => problem.field === name)?.detail ?? '',
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (saving) return;
    setSaving(true);
    setWrong([]);
    setFailure(null);
    try {
      const saved = await put<Delivery>(deliveryPath, draft);
      remember(deliveryPath, saved);
      take(saved.mail);
      toast(t('delivery.saved'));
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

  return (
    <form ref={form} noValidate onSubmit={(event) => void save(event)} onReset={discard}>
      <ui-save-bar id={SAVE_BAR}>
        <button variant="primary" type="submit" loading={saving ? '' : undefined}>
          {t('action.save')}
        </button>
        <button type="reset" disabled={saving}>
          {t('action.discard')}
        </button>
      </ui-save-bar>
      <Page
        heading={t('delivery.title')}
        back={{ href: '/settings', label: t('nav.settings') }}
        actions={
          <s-button slot="secondary-actions" href="/suppressions">
            {t('suppressions.title')}
          </s-button>
        }
        aside={may && <TryServer dirty={dirty} reload={reload} />}
      >
        {failure?.status === 409 ? (
          <s-banner tone="warning" heading={t('sender.conflict')}>
            <s-paragraph>{t('sender.conflict_detail')}</s-paragraph>
            <s-button
              slot="secondary-actions"
              onClick={() => {
                discard();
                void reload();
              }}
            >
              {t('sender.take_theirs')}
            </s-button>
          </s-banner>
        ) : failure ? (
          <s-banner tone="critical" heading={t('sender.not_saved')}>
            <s-paragraph>{failure.message}</s-paragraph>
          </s-banner>
        ) : wrong.length > 0 ? (
          <s-banner tone="critical" heading={t('sender.check', { count: wrong.length })} />
        ) : delivery.paused ? (
          <s-banner tone="critical" heading={t('delivery.paused')}>
            <s-paragraph>{delivery.paused}</s-paragraph>
            <s-paragraph>
              {delivery.paused_until
                ? t('delivery.paused_until', { when: format.listTime(delivery.paused_until) })
                : t('delivery.paused_detail')}
            </s-paragraph>
          </s-banner>
        ) : null}
        <Server {...parts} delivery={delivery} />
        <Domain {...parts} delivery={delivery} dirty={dirty} may={may} />
        <Rate {...parts} limits={delivery.limits} />
        {may && <Reports {...parts} />}
      </Page>
    </form>
  );
}
