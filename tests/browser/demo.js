// Starts the real program as a newcomer would, `afterglow demo`, on free ports and an
// empty folder, and gives its addresses. The shop is empty unless lived is asked for.
import {spawn} from 'node:child_process';
import {createServer} from 'node:net';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.AFTERGLOW_BINARY ?? path.join(root, 'bin/afterglow');

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until the answer is truthy; the last one is what the failure shows. */
export async function until(what, ask, limit = 15_000) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit / 1000} s for ${what}`);
    await sleep(100);
  }
}

export async function startDemo({lived = false} = {}) {
  const dir = await mkdtemp(path.join(tmpdir(), 'afterglow-browser-'));
  const [app, sim] = [await freePort(), await freePort()];
  let child, ended;
  let output = '';
  const start = async () => {
    child = spawn(
      binary,
      ['demo', ...(lived ? [] : ['--empty']), '--data', dir, '--listen', `127.0.0.1:${app}`, '--sim-listen', `127.0.0.1:${sim}`],
      {cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, LOG_LEVEL: 'warn'}},
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
    }
    ended = new Promise((resolve) => child.once('exit', resolve));
    return until('the demo to be ready', async () => {
      if (child.exitCode !== null) throw new Error(`the demo ended: ${output}`);
      const ready = await fetch(`http://127.0.0.1:${app}/readyz`).catch(() => null);
      if (!ready?.ok) return null;
      return JSON.parse(await readFile(path.join(dir, 'demo.json'), 'utf8').catch(() => 'null'));
    }, lived ? 120_000 : undefined);
  };
  process.once('exit', () => child.kill('SIGKILL'));
  const crash = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const end = async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(patience);
  };
  const stop = async () => {
    await end();
    await rm(dir, {recursive: true, force: true});
  };
  try {
    const addresses = await start();
    return Object.assign(new Demo(addresses, stop, () => output), {dir, crash, end, again: start});
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${output}`);
  }
}

class Demo {
  constructor(addresses, stop, output) {
    Object.assign(this, addresses);
    this.stop = stop;
    this.output = output;
  }

  /** Calls the simulation; body absent means GET. */
  async sim(place, body) {
    const answer = await fetch(this.sim_url + place, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {'Content-Type': 'application/json'},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${place} answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Mails to an address, newest first. */
  async mails(to) {
    const answer = await fetch(`${this.mailbox_url}/api/messages?to=${encodeURIComponent(to)}`);
    if (!answer.ok) throw new Error(`the mailbox answered ${answer.status}`);
    return answer.json();
  }

  /** The mails to an address once there are so many, and no more a second later. */
  async exactly(count, to) {
    await until(`${count} mail(s) to ${to}`, async () => (await this.mails(to)).length >= count);
    await sleep(1000);
    const mails = await this.mails(to);
    if (mails.length !== count) throw new Error(`${mails.length} mails to ${to}, not ${count}`);
    return mails;
  }
}
