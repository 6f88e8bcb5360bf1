import { useSession } from '../../shell/session';
import { languages } from '../orders/confirmation/api';

/** The language that the merchant can judge: the shop's own, if mails are written in it. */
export function useLanguage(): string {
  const { session } = useSession();
  return languages.find((one) => session.shop.locale.startsWith(one)) ?? 'en';
}
