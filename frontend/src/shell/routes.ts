import type { ComponentType } from 'react';
import type { ScreenProps } from './screen';

interface Route {
  /** A trailing :id matches one part of the path. */
  patterns: string[];
  load: () => Promise<{ default: ComponentType<ScreenProps> }>;
  /** What the screen will ask for at once. */
  ahead?: string[];
}

/** Every address of the admin. The first pattern is the one our own links use. */
export const routes: Route[] = [
  { patterns: ['/'], load: () => import('../rooms/home/home'), ahead: ['/home', '/progress'] },
  { patterns: ['/orders'], load: () => import('../rooms/orders/list') },
  { patterns: ['/orders/:id'], load: () => import('../rooms/orders/order') },
  { patterns: ['/messages'], load: () => import('../rooms/messages/list') },
  { patterns: ['/messages/:id'], load: () => import('../rooms/messages/message') },
  {
    patterns: ['/confirmation'],
    load: () => import('../rooms/orders/confirmation/screen'),
    ahead: ['/confirmation'],
  },
  { patterns: ['/policy'], load: () => import('../rooms/policy/screen'), ahead: ['/policy'] },
  { patterns: ['/imports'], load: () => import('../rooms/orders/imports') },
  { patterns: ['/webhooks', '/shopify'], load: () => import('../rooms/shopify/webhooks') },
  { patterns: ['/operations'], load: () => import('../rooms/shopify/operations') },
  { patterns: ['/privacy'], load: () => import('../rooms/shops/privacy') },
  { patterns: ['/settings', '/settings/sender'], load: () => import('../rooms/shops/sender') },
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
