// One Chromium for a test file; pages that remember what went wrong on them.
import assert from 'node:assert/strict';
import AxeBuilder from '@axe-core/playwright';
import {chromium} from 'playwright-core';

export const phone = {width: 375, height: 800};
export const desktop = {width: 1440, height: 900};

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

// Runs in every frame before anything else. LCP and CLS as web.dev defines them:
// shifts count in windows of at most five seconds with gaps below one.
function observe() {
  const seen = {lcp: 0, cls: 0, moved: []};
  window.__seen = seen;
  let window_ = {start: 0, last: 0, sum: 0};
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.lcp = entry.startTime;
  }).observe({type: 'largest-contentful-paint', buffered: true});
  new PerformanceObserver((list) => {
    for (const {startTime, value, hadRecentInput, sources} of list.getEntries()) {
      if (hadRecentInput) continue;
      for (const {node, previousRect, currentRect} of sources) {
        const from = `${previousRect.width}x${previousRect.height}+${previousRect.y}`;
        const to = `${currentRect.width}x${currentRect.height}+${currentRect.y}`;
        seen.moved.push(`${Math.round(startTime)} ms ${value.toFixed(3)} ${node?.nodeName}.${node?.className ?? ''} ${from} -> ${to}`);
      }
      if (startTime - window_.last > 1000 || startTime - window_.start > 5000) {
        window_ = {start: startTime, last: startTime, sum: 0};
      }
      window_.last = startTime;
      window_.sum += value;
      seen.cls = Math.max(seen.cls, window_.sum);
    }
  }).observe({type: 'layout-shift', buffered: true});
}

/** A page in a context of its own. complaints: what a person would never see. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({viewport: desktop, reducedMotion: 'reduce', ...options});
  await context.addInitScript(observe);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const {url} = message.location();
    // The preview of a mail may not run scripts, so not ours (observe) either.
    if (url === 'about:srcdoc' && message.text().startsWith('Blocked script execution')) return;
    if (message.type() === 'error') page.complaints.push(`console: ${message.text()} (${url})`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) page.complaints.push(`${response.status()} ${response.url()}`);
  });
  return page;
}

/** Tells what a page showed when a test of it failed. */
export async function describeFailure(page) {
  console.log('complaints:', page.complaints);
  for (const frame of page.frames()) {
    const text = await frame.evaluate(() => document.body.innerText).catch(String);
    console.log(`${frame.url().split('?')[0]} shows: ${text.slice(0, 2000)}`);
  }
}

export function noComplaints(page) {
  assert.deepEqual(page.complaints, [], 'errors on the page');
}

/** The frames that may run scripts. A mail is shown in one that may not, and there is no looking into it. */
async function scripted(page) {
  const list = [];
  for (const frame of page.frames()) {
    if (frame.isDetached()) continue;
    if (frame === page.mainFrame()) list.push(frame);
    else {
      const sandbox = await frame
        .frameElement()
        .then((e) => e.getAttribute('sandbox'))
        .catch(() => '');
      if (sandbox === null || sandbox.includes('allow-scripts')) list.push(frame);
    }
  }
  return list;
}

/** axe finds nothing, in the page and its frames; exclude: paths of selectors through the frames. */
export async function accessible(page, where, exclude = []) {
  let axe = new AxeBuilder({page}).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  for (const selector of exclude) axe = axe.exclude(selector);
  const {violations} = await axe.analyze();
  const found = violations.map(
    (v) => `${v.id} (${v.impact}): ${v.help}\n    ${v.nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join('\n    ')}`,
  );
  assert.equal(found.length, 0, `axe on ${where}:\n  ${found.join('\n  ')}`);
}

/**
 * LCP and CLS of every frame are good. What is bad is looked at a second time: a
 * busy machine spoils one loading, a page that moves spoils each.
 */
export async function fast(page, where) {
  const before = await slowFrames(page, where);
  if (!before.length) return;
  await page.reload({waitUntil: 'networkidle'});
  await page.waitForTimeout(1000);
  const again = await slowFrames(page, where);
  assert.equal(again.length, 0, `${before.join('\n')}\nloaded again:\n${again.join('\n')}`);
}

async function slowFrames(page, where) {
  const slow = [];
  for (const frame of await scripted(page)) {
    const seen = await frame.evaluate(() => window.__seen).catch(() => null);
    if (!seen) continue;
    const name = `${where}${frame === page.mainFrame() ? '' : ' (frame)'}`;
    if (seen.lcp > 2500) slow.push(`LCP of ${name} is ${Math.round(seen.lcp)} ms`);
    if (seen.cls > 0.1) slow.push(`CLS of ${name} is ${seen.cls.toFixed(3)}:\n  ${seen.moved.join('\n  ')}`);
  }
  return slow;
}

/** Nothing is cut off or scrolls sideways. */
export async function fits(page, where) {
  for (const frame of await scripted(page)) {
    const wide = await frame
      .evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      .catch(() => 0);
    assert.ok(wide <= 1, `${where} is ${wide} px wider than its window`);
  }
}

/** What has the keyboard's focus, through shadow roots and frames, as text. */
export async function focused(page) {
  const read = () => {
    let e = document.activeElement;
    while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
    if (!e || e === document.body) return '';
    const name = e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent ?? '';
    const host = e.getRootNode() instanceof ShadowRoot ? e.getRootNode().host : null;
    return (name.trim() || host?.getAttribute('label') || host?.textContent || '').trim().replace(/\s+/g, ' ');
  };
  for (const frame of (await scripted(page)).reverse()) {
    const text = await frame.evaluate(read).catch(() => '');
    if (text) return text;
  }
  return '';
}

/** Presses Tab until something of that name has the focus. */
export async function tabTo(page, name, limit = 80) {
  const path = [];
  for (let i = 0; i < limit; i++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    path.push(at.slice(0, 40));
    if (at.includes(name)) return;
  }
  assert.fail(`no way to "${name}" by Tab; passed ${path.join(' · ')}`);
}

/**
 * The first visible thing of a role and name, in the page or in one of its frames:
 * Shopify draws an app's title and main actions outside of the app's own frame.
 */
export async function anywhere(page, role, name, limit = 10_000) {
  const end = Date.now() + limit;
  for (;;) {
    for (const frame of await scripted(page)) {
      const found = frame.getByRole(role, {name}).filter({visible: true}).first();
      if ((await found.count().catch(() => 0)) > 0) return found;
    }
    if (Date.now() > end) assert.fail(`no ${role} "${name}" on the page`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
