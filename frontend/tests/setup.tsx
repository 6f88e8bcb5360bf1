import type { Root } from 'react-dom/client';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, vi } from 'vitest';
import { Fixtures } from '../dev/fixtures.mjs';
import { App } from '../src/shell/app';
import { forgetAll } from '../src/shell/resource';
import { listenForLinks } from '../src/shell/router';
import { match } from '../src/shell/routes';

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}

interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** The admin in a page, talking to made-up data; what it asked for is written down. */
export class Admin {
  fixtures = new Fixtures();
  mode = '';
  asked: Asked[] = [];
  private root: Root | undefined;
  private stop: (() => void) | undefined;

  async open(path: string) {
    globalThis.IS_REACT_ACT_ENVIRONMENT = true;
    vi.stubGlobal('fetch', this.fetch);
    vi.stubGlobal('scrollTo', () => undefined);
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe() {}
        disconnect() {}
      },
    );
    window.history.pushState(null, '', path);
    await match(window.location.pathname)?.route.load();
    document.body.innerHTML = '<div id="root"></div>';
    this.stop = listenForLinks();
    window.dispatchEvent(new PopStateEvent('popstate'));
    this.root = createRoot(document.getElementById('root')!);
    await act(async () => this.root!.render(<App />));
    await this.settle();
  }

  async close() {
    await act(async () => this.root?.unmount());
    this.stop?.();
    forgetAll();
    vi.unstubAllGlobals();
  }

  /** Until nothing is under way any more. */
  async settle() {
    for (let i = 0; i < 6; i++) {
      await act(async () => new Promise((done) => setTimeout(done, 5)));
    }
  }

  async wait(ms: number) {
    await act(async () => new Promise((done) => setTimeout(done, ms)));
    await this.settle();
  }

  get text(): string {
    return document.querySelector('main')!.textContent ?? '';
  }

  get heading(): string {
    return document.querySelector('s-page')?.getAttribute('heading') ?? '';
  }

  all(selector: string): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>(selector)];
  }

  one(selector: string): HTMLElement {
    const found = this.all(selector);
    if (found.length !== 1) throw new Error(`${found.length} elements for ${selector}`);
    return found[0]!;
  }

  /** The button, link or tab that reads so. */
  called(text: string): HTMLElement {
    const found = this.all('s-button, s-link, a, button').find(
      (e) => e.textContent?.trim() === text,
    );
    if (!found) throw new Error(`nothing to press reads "${text}"`);
    return found;
  }

  async press(what: string | HTMLElement) {
    const element = typeof what === 'string' ? this.called(what) : what;
    await act(async () =>
      element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })),
    );
    await this.settle();
  }

  /** What a Polaris field shows. */
  valueOf(selector: string): string {
    const field = this.one(selector) as HTMLElement & { value?: string };
    return field.value ?? field.getAttribute('value') ?? '';
  }

  /** Types into a Polaris field: it sets its value, then says so. */
  async type(selector: string, value: string, event = 'input') {
    const field = this.one(selector) as HTMLElement & { value: string };
    await act(async () => {
      field.value = value;
      field.dispatchEvent(new Event(event, { bubbles: true }));
    });
    await this.settle();
  }

  private fetch = async (input: string, init: { method: string; body: string | null }) => {
    const url = new URL(input, 'http://admin.test');
    const body: unknown = init.body === null ? undefined : JSON.parse(init.body);
    this.asked.push({
      method: init.method,
      path: url.pathname.replace('/api/v1', '') + url.search,
      body,
    });
    if (this.mode === 'offline') throw new TypeError('Failed to fetch');
    const answer = this.fixtures.answer(init.method, url, body, this.mode);
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), {
      status: answer.status,
    });
  };
}

/** One admin for each test of a file. */
export function useAdmin(): { readonly admin: Admin } {
  let admin = new Admin();
  beforeEach(() => {
    admin = new Admin();
  });
  afterEach(() => admin.close());
  return {
    get admin() {
      return admin;
    },
  };
}
