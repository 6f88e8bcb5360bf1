import type { ComponentType } from 'react';
import type { ScreenProps } from './screen';

interface Route {
  /** A trailing :id matches one part of the path. */
  patterns: string[];
  load: () => Promise<{ default: ComponentType<ScreenProps> }>;
  /** What the screen will ask for at once. */
  ahead?: string[];
  /** What one must be allowed to see it. */
  needs: string;
  /** What one must be allowed to change something on it. */
  changes?: string;
}

/** Every address of the admin. The first pattern is the one our own links use. */
export const routes: Route[] = [
  {
    patterns: ['/'],
    needs: 'app.open',
    load: () => import('../rooms/home/home'),
    ahead: ['/home', '/progress'],
  },
  { patterns: ['/orders'], needs: 'orders.read', load: () => import('../rooms/orders/list') },
  { patterns: ['/orders/:id'], needs: 'orders.read', load: () => import('../rooms/orders/order') },
  { patterns: ['/messages'], needs: 'messages.read', load: () => import('../rooms/messages/list') },
  {
    patterns: ['/messages/:id'],
    needs: 'messages.read',
    load: () => import('../rooms/messages/message'),
  },
  {
    patterns: ['/suppressions'],
    needs: 'messages.read',
    changes: 'messages.send',
    load: () => import('../rooms/messages/suppressions'),
  },
  {
    patterns: ['/requests'],
    needs: 'orders.read',
    load: () => import('../rooms/requests/list'),
  },
  {
    patterns: ['/requests/:id'],
    needs: 'orders.read',
    changes: 'orders.change',
    load: () => import('../rooms/requests/request'),
  },
  {
    patterns: ['/confirmation'],
    needs: 'design.read',
    changes: 'design.change',
    load: () => import('../rooms/orders/confirmation/screen'),
    ahead: ['/confirmation'],
  },
  {
    patterns: ['/tracking'],
    needs: 'orders.read',
    load: () => import('../rooms/tracking/list'),
    ahead: ['/tracking'],
  },
  {
    patterns: ['/tracking/:id'],
    needs: 'orders.read',
    load: () => import('../rooms/tracking/parcel'),
  },
  {
    patterns: ['/notifications'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/tracking/notifications'),
    ahead: ['/tracking/settings'],
  },
  {
    patterns: ['/policy'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/policy/screen'),
    ahead: ['/policy'],
  },
  {
    patterns: ['/makegood'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/makegood/screen'),
    ahead: ['/makegood'],
  },
  {
    patterns: ['/claims'],
    needs: 'orders.read',
    load: () => import('../rooms/claims/list'),
    ahead: ['/claims'],
  },
  {
    patterns: ['/claims/:id'],
    needs: 'orders.read',
    changes: 'orders.change',
    load: () => import('../rooms/claims/claim'),
  },
  {
    patterns: ['/changes'],
    needs: 'orders.read',
    changes: 'settings.change',
    load: () => import('../rooms/changes/screen'),
    ahead: ['/changes'],
  },
  {
    patterns: ['/setup'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/setup/screen'),
    ahead: ['/setup', '/settings/sender', '/confirmation'],
  },
  {
    patterns: ['/imports'],
    needs: 'shopify.operate',
    load: () => import('../rooms/orders/imports'),
  },
  {
    patterns: ['/webhooks', '/shopify'],
    needs: 'shopify.operate',
    load: () => import('../rooms/shopify/webhooks'),
  },
  {
    patterns: ['/operations'],
    needs: 'shopify.operate',
    load: () => import('../rooms/shopify/operations'),
  },
  { patterns: ['/privacy'], needs: 'privacy.read', load: () => import('../rooms/shops/privacy') },
  { patterns: ['/staff'], needs: 'staff.manage', load: () => import('../rooms/shops/staff') },
  {
    patterns: ['/settings', '/settings/sender'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/shops/sender'),
  },
  {
    patterns: ['/settings/delivery'],
    needs: 'settings.read',
    changes: 'settings.change',
    load: () => import('../rooms/delivery/screen'),
    ahead: ['/settings/mail', '/settings/mail/queue'],
  },
];

export interface Match {
  route: Route;
  id: string;
}

export function match(path: string): Match | null {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path;
  for (const route of routes) {
    for (const pattern of route.patterns) {
      if (pattern === clean) return { route, id: '' };
      const stem = pattern.endsWith('/:id') ? pattern.slice(0, -3) : null;
      if (stem !== null && clean.startsWith(stem)) {
        const id = clean.slice(stem.length);
        if (id !== '' && !id.includes('/')) return { route, id: decodeURIComponent(id) };
      }
    }
  }
  return null;
}
