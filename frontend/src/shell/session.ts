import { createContext, useContext } from 'react';
import { Format } from './format';

export interface Session {
  shop: {
    id: string;
    domain: string;
    name: string;
    email: string;
    currency: string;
    timezone: string;
    locale: string;
  };
  user: { id: string; name: string; role: string; permissions: string[]; owners: string[] };
  scopes: { granted: string[]; missing: string[]; optional: string[] };
  mailbox_url: string | null;
  app_version: string;
}

export interface Context {
  session: Session;
  format: Format;
  reload: () => Promise<void>;
}

export const SessionContext = createContext<Context | null>(null);

/** Who is looking, at which shop, and how to write its dates and money. Screens have it; the shell waits for it. */
export function useSession(): Context {
  const context = useContext(SessionContext);
  if (context === null) throw new Error('useSession outside of the session');
  return context;
}

export const useFormat = (): Format => useSession().format;

/** Whether who is looking may do it. The server asks again; this only decides what is shown. */
export const useMay = (permission: string): boolean =>
  useSession().session.user.permissions.includes(permission);
