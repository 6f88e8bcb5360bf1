import { put } from '../../shell/api';
import { remember, useResource } from '../../shell/resource';
import type { Confirmation, Design } from '../orders/confirmation/api';
import { confirmationPath } from '../orders/confirmation/api';
import type { Sender, SenderSettings } from '../shops/api';
import { senderPath } from '../shops/api';

/** What the steps change: the settings and the draft of the confirmation. */
export interface Work {
  sender: Sender;
  design: Confirmation;
}

export function useWork(): {
  work: Work | undefined;
  failed: ReturnType<typeof useResource>['error'];
  reload: () => Promise<void>;
} {
  const sender = useResource<Sender>(senderPath);
  const design = useResource<Confirmation>(confirmationPath);
  const work =
    sender.data && design.data ? { sender: sender.data, design: design.data } : undefined;
  return {
    work,
    failed: sender.error ?? design.error,
    reload: async () => {
      await Promise.all([sender.reload(), design.reload()]);
    },
  };
}

/** Saves some of the settings over the newest that is known. */
export async function saveSettings(work: Work, part: Partial<SenderSettings>) {
  const next = { ...work.sender.settings, ...part };
  if (JSON.stringify(next) === JSON.stringify(work.sender.settings)) return;
  remember(senderPath, await put<Sender>(senderPath, next));
}

/** Saves some of the draft; what is published waits for the last step. */
export async function saveDraft(work: Work, part: Partial<Design>): Promise<Confirmation> {
  const next = { ...work.design.draft, ...part };
  if (work.design.revision > 0 && JSON.stringify(next) === JSON.stringify(work.design.draft)) {
    return work.design;
  }
  const saved = await put<Confirmation>(`${confirmationPath}/draft`, {
    design: next,
    revision: work.design.revision,
  });
  remember(confirmationPath, saved);
  return saved;
}
