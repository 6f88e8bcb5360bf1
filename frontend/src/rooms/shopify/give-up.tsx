import type { RefObject } from 'react';
import { useState } from 'react';
import type { ApiError } from '../../shell/api';
import { asApiError, post } from '../../shell/api';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Operation } from './operations';

interface Props {
  dialog: RefObject<HTMLElementTagNameMap['s-modal'] | null>;
  one: Operation | null;
  done: () => Promise<void>;
}

/** Gives a parked call up, with a reason; of one in doubt staff say what happened. */
export function GiveUp({ dialog, one, done }: Props) {
  const [draft, setDraft] = useState({ of: '', note: '', outcome: '' });
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<{ of: string; error: ApiError } | null>(null);
  const id = one?.id ?? '';
  const { note, outcome } = draft.of === id ? draft : { note: '', outcome: '' };
  const error = failure?.of === id ? failure.error : null;
  const doubt = one?.in_doubt ?? false;

  const send = async () => {
    if (one === null) return;
    setBusy(true);
    setFailure(null);
    try {
      await post(`/operations/${encodeURIComponent(id)}/give-up`, {
        note,
        outcome: doubt ? outcome : '',
      });
      dialog.current?.hideOverlay();
      toast(t('operations.given_up'));
      await done();
    } catch (cause) {
      setFailure({ of: id, error: asApiError(cause) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-modal ref={dialog} id="operation-give-up" heading={t('operations.give_up_title')}>
      <div className="stack-small">
        {error && error.fields.length === 0 && (
          <s-banner tone="critical" heading={t('operations.give_up_failed')}>
            <s-paragraph>{error.message}</s-paragraph>
          </s-banner>
        )}
        <s-paragraph>
          {t(doubt ? 'operations.doubt_detail' : 'operations.give_up_detail', {
            kind: one === null ? '' : tCode('operation', one.kind),
          })}
        </s-paragraph>
        {doubt && (
          <s-select
            label={t('operations.outcome')}
            value={outcome}
            error={error?.field('outcome') ?? ''}
            required
            onChange={(event) =>
              setDraft({ of: id, note, outcome: event.currentTarget.value ?? '' })
            }
          >
            <s-option value="">{t('operations.outcome_choose')}</s-option>
            <s-option value="happened">{t('operations.outcome_happened')}</s-option>
            <s-option value="not_happened">{t('operations.outcome_not_happened')}</s-option>
          </s-select>
        )}
        <s-text-field
          label={t('operations.note')}
          details={t('operations.note_detail')}
          value={note}
          error={error?.field('note') ?? ''}
          required
          maxLength={500}
          autocomplete="off"
          onInput={(event) => setDraft({ of: id, note: event.currentTarget.value, outcome })}
        />
      </div>
      <s-button
        slot="primary-action"
        variant="primary"
        tone="critical"
        loading={busy}
        disabled={note.trim() === '' || (doubt && outcome === '')}
        onClick={() => void send()}
      >
        {t('operations.give_up')}
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
