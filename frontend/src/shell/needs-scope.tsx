import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useSession } from './session';
import { t } from './strings';
import type { Key } from './strings';
import { toast } from './toast';

const PATIENCE = 15;
const PAUSE = 700;

/** Whether the merchant granted a scope; writing includes reading. */
export function useGranted(scope: string): boolean {
  const { granted } = useSession().session.scopes;
  return granted.includes(scope) || granted.includes(scope.replace(/^read_/, 'write_'));
}

interface Props {
  scope: string;
  /** What does not work without it. */
  children: ReactNode;
}

/**
 * Asks for an optional scope where it is first needed, and says what it is for.
 * Nothing is shown once it is granted. Shopify tells the server by a webhook, so
 * the answer is waited for.
 */
export function NeedsScope({ scope, children }: Props) {
  const { session, reload } = useSession();
  const granted = useGranted(scope);
  const [busy, setBusy] = useState(false);
  const known = useRef(granted);
  useEffect(() => {
    known.current = granted;
  }, [granted]);
  if (granted) return null;

  const ask = async () => {
    setBusy(true);
    try {
      const answer = await shopify.scopes.request([scope]);
      if (answer.result !== 'granted-all') {
        toast(t('scope.declined'), true);
        return;
      }
      for (let i = 0; i < PATIENCE && !known.current; i++) {
        await reload();
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (cause) {
      toast(cause instanceof Error ? cause.message : t('scope.declined'), true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <s-banner tone="warning" heading={t(`scope.${scope}` as Key)}>
      <s-paragraph>{children}</s-paragraph>
      {session.scopes.optional.includes(scope) && (
        <s-button slot="secondary-actions" loading={busy} onClick={() => void ask()}>
          {t('scope.ask')}
        </s-button>
      )}
    </s-banner>
  );
}
