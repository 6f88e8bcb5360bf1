import { useState } from 'react';
import type { FieldProblem } from '../../shell/api';
import { t } from '../../shell/strings';
import { problemsOf } from '../shops/validate';
import { only } from './only';
import type { StepProps } from './step';
import { StepForm } from './step';
import type { Work } from './work';
import { saveDraft, saveSettings } from './work';

const fields = ['sender_name', 'reply_to', 'postal_address'] as const;

/** Who writes, who reads the answers, and where the shop is. */
export function SenderStep({ work, ...props }: StepProps & { work: Work }) {
  const { settings, from_address } = work.sender;
  const [draft, setDraft] = useState(only(settings, fields));
  const [person, setPerson] = useState(work.design.draft.reply_to.name);
  const [wrong, setWrong] = useState<FieldProblem[]>([]);
  const at = (field: string) => wrong.find((one) => one.field === field)?.detail ?? '';
  const set = (part: Partial<typeof draft>) => setDraft((was) => ({ ...was, ...part }));
  return (
    <StepForm
      {...props}
      wrong={wrong}
      setWrong={setWrong}
      check={() => {
        const found = problemsOf({ ...settings, ...draft });
        if (person.trim() !== '' && draft.reply_to === '') {
          found.push({ field: 'reply_to', detail: t('setup.sender.person_address') });
        }
        return found.filter((one) => (fields as readonly string[]).includes(one.field));
      }}
      save={async () => {
        await saveSettings(work, draft);
        const reply_to =
          person.trim() === '' ? { name: '', email: '' } : { name: person, email: draft.reply_to };
        if (JSON.stringify(reply_to) !== JSON.stringify(work.design.draft.reply_to)) {
          await saveDraft(work, { reply_to });
        }
      }}
    >
      <div className="fields">
        <s-text-field
          name="sender_name"
          label={t('sender.name')}
          details={from_address ? t('sender.name_detail', { address: from_address }) : ''}
          value={draft.sender_name}
          error={at('sender_name')}
          required
          maxLength={100}
          autocomplete="organization"
          onInput={(event) => set({ sender_name: event.currentTarget.value })}
        />
        <div className="fields-pair">
          <s-text-field
            name="person"
            label={t('setup.sender.person')}
            details={t('setup.sender.person_detail')}
            value={person}
            maxLength={100}
            autocomplete="name"
            onInput={(event) => setPerson(event.currentTarget.value)}
          />
          <s-email-field
            name="reply_to"
            label={t('sender.reply_to')}
            details={t('sender.reply_to_detail')}
            value={draft.reply_to}
            error={at('reply_to')}
            autocomplete="email"
            onInput={(event) => set({ reply_to: event.currentTarget.value.trim() })}
          />
        </div>
        <s-text-area
          name="postal_address"
          label={t('sender.postal')}
          details={t('sender.postal_detail')}
          value={draft.postal_address}
          error={at('postal_address')}
          rows={3}
          autocomplete="street-address"
          onInput={(event) => set({ postal_address: event.currentTarget.value })}
        />
      </div>
    </StepForm>
  );
}
