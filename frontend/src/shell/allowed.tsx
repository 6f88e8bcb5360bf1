import { Page } from './page';
import { useSession } from './session';
import { t, tCode } from './strings';

/** Who can give a permission, by name where Shopify told us. */
function useHelp(needs: string): string {
  const { role, owners } = useSession().session.user;
  const args = {
    role: tCode('role', role),
    permission: tCode('permission', needs.replace('.', '_')),
    owners: owners.join(', '),
  };
  return t(owners.length > 0 ? 'allowed.ask_owners' : 'allowed.ask_owner', args);
}

/** The whole screen is for others. */
export function NotAllowed({ needs }: { needs: string }) {
  const help = useHelp(needs);
  return (
    <Page heading={t('allowed.title')}>
      <s-section>
        <s-paragraph>{help}</s-paragraph>
        <s-button href="/">{t('action.home')}</s-button>
      </s-section>
    </Page>
  );
}

/** One may look, and saving would be refused. */
export function OnlyLooking({ needs }: { needs: string }) {
  const help = useHelp(needs);
  return (
    <div className="only-looking">
      <s-banner tone="info" heading={t('allowed.only_looking')}>
        <s-paragraph>{help}</s-paragraph>
      </s-banner>
    </div>
  );
}
