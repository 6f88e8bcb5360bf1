import type { ReactNode, RefObject } from 'react';
import { useState } from 'react';
import type { ApiError } from '../../shell/api';
import { asApiError, post } from '../../shell/api';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Suppression } from './suppressions-api';

type Dialog = RefObject<HTMLElementTagNameMap['s-modal'] | null>;

interface Props {
  dialog: Dialog;
  done: () => Promise<void>;
}

/** Sends, and closes the dialog when it worked. */
function useSending(dialog: Dialog, done: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const send = async (path: string, body: unknown, said: string) => {
    setBusy(true);
    setError(null);
    try {
      await post(path, body);
      dialog.current?.hideOverlay();
      toast(said);
      await done();
      return true;
    } catch (cause) {
      setError(asApiError(cause));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, send };
}

export function AddSuppression({ dialog, done }: Props) {
  const [address, setAddress] = useState('');
  const [scope, setScope] = useState('all');
  const [reason, setReason] = useState('');
  const { busy, error, send } = useSending(dialog, done);

  const add = async () => {
    if (await send('/suppressions', { address, scope, reason }, t('suppressions.added'))) {
      setAddress('');
      setReason('');
    }
  };
  return (
    <Frame
      dialog={dialog}
      id="suppression-add"
      heading={t('suppressions.add_title')}
      error={error}
      confirm={t('suppressions.add')}
      busy={busy}
      ready={address !== '' && reason.trim() !== ''}
      act={() => void add()}
    >
      <s-email-field
        label={t('suppressions.address')}
        value={address}
        error={error?.field('address') ?? ''}
        required
        autocomplete="off"
        onInput={(event) => setAddress(event.currentTarget.value.trim())}
      />
      <s-select
        label={t('suppressions.scope')}
        value={scope}
        onChange={(event) => setScope(event.currentTarget.value ?? 'all')}
      >
        <s-option value="all">{t('suppressions.scope_all')}</s-option>
        <s-option value="marketing">{t('suppressions.scope_marketing')}</s-option>
      </s-select>
      <Why value={reason} set={setReason} error={error?.field('reason') ?? ''} />
    </Frame>
  );
}

export function RemoveSuppression({ dialog, done, one }: Props & { one: Suppression | null }) {
  const [reason, setReason] = useState('');
  const { busy, error, send } = useSending(dialog, done);
  const asked = one !== null && ['complaint', 'unsubscribed'].includes(one.source);

  const remove = async () => {
    if (one === null) return;
    const body = { address: one.address, scope: one.scope, reason };
    if (await send('/suppressions/remove', body, t('suppressions.was_removed'))) setReason('');
  };
  return (
    <Frame
      dialog={dialog}
      id="suppression-remove"
      heading={t('suppressions.remove_title')}
      error={error}
      confirm={t('suppressions.remove')}
      busy={busy}
      ready={reason.trim() !== ''}
      act={() => void remove()}
    >
      <s-paragraph>{t('suppressions.remove_detail', { address: one?.address ?? '' })}</s-paragraph>
      {asked && (
        <s-banner tone="warning" heading={t('suppressions.their_wish')}>
          <s-paragraph>{t('suppressions.their_wish_detail')}</s-paragraph>
        </s-banner>
      )}
      <Why value={reason} set={setReason} error={error?.field('reason') ?? ''} />
    </Frame>
  );
}

function Why(p: { value: string; set: (text: string) => void; error: string }) {
  return (
    <s-text-field
      label={t('suppressions.reason')}
      details={t('suppressions.reason_detail')}
      value={p.value}
      error={p.error}
      required
      maxLength={300}
      autocomplete="off"
      onInput={(event) => p.set(event.currentTarget.value)}
    />
  );
}

interface FrameProps {
  dialog: Dialog;
  id: string;
  heading: string;
  error: ApiError | null;
  confirm: string;
  busy: boolean;
  ready: boolean;
  act: () => void;
  children: ReactNode;
}

function Frame({ dialog, id, heading, error, confirm, busy, ready, act, children }: FrameProps) {
  return (
    <s-modal ref={dialog} id={id} heading={heading}>
      <div className="stack-small">
        {error && error.fields.length === 0 && (
          <s-banner tone="critical" heading={t('suppressions.failed')}>
            <s-paragraph>{error.message}</s-paragraph>
          </s-banner>
        )}
        {children}
      </div>
      <s-button
        slot="primary-action"
        variant="primary"
        loading={busy}
        disabled={!ready}
        onClick={act}
      >
        {confirm}
      </s-button>
      <s-button
        slot="secondary-actions"
        disabled={busy}
        onClick={() => dialog.current?.hideOverlay()}
      >
        {t('action.cancel')}
      </s-button>
    </s-modal>
  );
}
