import { useSyncExternalStore } from 'react';

export interface Place {
  path: string;
  query: URLSearchParams;
}

interface Memory {
  /** Cursors of the pages before this one, so that a list can go back. */
  trail?: string[];
  scroll?: number;
}

const watchers = new Set<() => void>();
let place = read();
let guard: (() => Promise<void>) | null = null;

function read(): Place {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

function changed() {
  place = read();
  watchers.forEach((watch) => watch());
}

function watch(listener: () => void) {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

function memory(): Memory {
  return (window.history.state ?? {}) as Memory;
}

export const trail = (): string[] => memory().trail ?? [];
export const rememberedScroll = (): number => memory().scroll ?? 0;

/** A screen with unsaved changes asks to be asked before it is left. */
export function setLeaveGuard(ask: (() => Promise<void>) | null) {
  guard = ask;
}

export interface Go {
  replace?: boolean;
  trail?: string[];
}

/** Go to a path inside the app. The merchant may decline when changes are unsaved. */
export async function navigate(to: string, { replace = false, trail: cursors }: Go = {}) {
  const target = new URL(to, window.location.origin);
  const sameScreen = target.pathname === place.path;
  if (guard && !sameScreen) {
    try {
      await guard();
    } catch {
      return;
    }
  }
  const url = target.pathname + target.search + target.hash;
  const state: Memory = { ...(cursors ? { trail: cursors } : {}) };
  if (replace) {
    window.history.replaceState({ ...state, scroll: memory().scroll }, '', url);
  } else {
    window.history.replaceState({ ...memory(), scroll: window.scrollY }, '');
    window.history.pushState(state, '', url);
  }
  changed();
}

export function usePlace(): Place {
  return useSyncExternalStore(watch, () => place);
}

/** The same path with some parts of the query set, or removed when empty. */
export function withQuery(from: Place, known: string[], set: Record<string, string>): string {
  const query = new URLSearchParams();
  for (const name of known) {
    const value = set[name] ?? from.query.get(name) ?? '';
    if (value !== '') query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? from.path : `${from.path}?${text}`;
}

/** Links of the page, of Polaris' shadow roots and of the admin's navigation all end here. */
export function listenForLinks(): () => void {
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const href = hrefOf(event);
    if (href === null) return;
    event.preventDefault();
    afterPaint(() => void navigate(href));
  };
  const onShopify = (event: Event) => {
    const href = (event.target as Element | null)?.getAttribute?.('href');
    if (!href) return;
    event.preventDefault();
    void navigate(href);
  };
  const onPop = () => changed();
  document.addEventListener('click', onClick);
  document.addEventListener('shopify:navigate', onShopify);
  window.addEventListener('popstate', onPop);
  return () => {
    document.removeEventListener('click', onClick);
    document.removeEventListener('shopify:navigate', onShopify);
    window.removeEventListener('popstate', onPop);
  };
}

/** What was pressed is painted before the work of a new screen begins. */
function afterPaint(then: () => void) {
  requestAnimationFrame(() => setTimeout(then));
}

function hrefOf(event: MouseEvent): string | null {
  for (const node of event.composedPath()) {
    if (!(node instanceof Element)) continue;
    const href = node.getAttribute('href');
    if (href === null) continue;
    const target = node.getAttribute('target');
    if ((target !== null && target !== '' && target !== '_self') || node.hasAttribute('download')) {
      return null;
    }
    const url = new URL(href, window.location.href);
    if (url.origin !== window.location.origin || href.startsWith('#')) return null;
    return isOurs(url.pathname) ? url.pathname + url.search + url.hash : null;
  }
  return null;
}

const elsewhere = ['/api/', '/auth', '/l/', '/proxy/', '/mailbox', '/assets/'];
const isOurs = (path: string) => !elsewhere.some((prefix) => path.startsWith(prefix));
