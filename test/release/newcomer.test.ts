// What the README promises to someone who has just cloned: `npm start` installs, starts, deploys, prints URLs that
// answer; Ctrl-C ends it; the next start finds everything again. Nothing is taken from npm's cache.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../program.ts';
import { cleanEnv, sh } from './npm.ts';

const base = await mkdtemp(join(tmpdir(), 'openscf-newcomer-'));
const clone = join(base, 'openscf');
const PORTS = { OPENSCF_PORT_API: '0', OPENSCF_PORT_COS: '0', OPENSCF_PORT_HTTP: '0', OPENSCF_PORT_TLS: '0' };
const env = cleanEnv({ npm_config_cache: join(base, 'cache'), ...PORTS });
const openscf = (...args: string[]) => sh(clone, env, 'npm', 'run', '-s', 'openscf', '--', ...args);

interface Started {
  readonly text: string;
  readonly keys: readonly string[];
  readonly urls: readonly string[];
  readonly child: ChildProcess;
}

const STOP_MS = 60_000;
/** The last thing that the start prints. */
const READY = /^ +curl http/m;

let group: number | undefined;
const killGroup = () => {
  if (group !== undefined) process.kill(-group, 'SIGKILL');
};
process.once('SIGTERM', () => {
  killGroup();
  process.exit(1);
});
after(async () => {
  killGroup();
  await rm(base, { recursive: true, force: true });
});

function npmStart(): Promise<Started> {
  // A group of its own, as a shell gives one to what it runs: Ctrl-C goes to all of it.
  const child = spawn('npm', ['start'], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  group = child.pid;
  let text = '';
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`npm start ended with ${code}\n${text}`));
    child.once('exit', ended);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (!READY.test(text)) return;
        child.off('exit', ended);
        const urls = [...text.matchAll(/^\S+ +(https?:\/\/\S+)$/gm)].map(one => String(one[1]));
        const keys = [...text.matchAll(/^Secret(?:Id|Key) +(\S+)$/gm)].map(one => String(one[1]));
        resolve({ text, child, urls: urls.filter(url => new URL(url).pathname !== '/'), keys });
      });
    }
  });
}

async function ctrlC({ child }: Started): Promise<void> {
  const pid = Number(child.pid);
  const ended = new Promise(resolve => child.once('exit', resolve));
  process.kill(-pid, 'SIGINT');
  const late = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
  group = undefined;
  // npm may end before the server has put its house in order.
  for (const until = performance.now() + STOP_MS; performance.now() < until; ) {
    if (!lives(-pid)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  process.kill(-pid, 'SIGKILL');
  assert.fail('something still runs after Ctrl-C');
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function answer(urls: readonly string[]): Promise<void> {
  assert.ok(urls.length >= 2, `URLs of the examples are printed: ${urls}`);
  for (const url of urls) assert.equal((await fetch(url)).status, 200, url);
}

const paths = ({ urls }: Started) => urls.map(url => new URL(url).pathname);

test('a newcomer starts it, stops it, and finds everything again', {
  skip: !existsSync(join(ROOT, '.git')),
}, async () => {
  await sh(base, env, 'git', 'clone', '--quiet', '--no-hardlinks', ROOT, clone);
  const first = await npmStart();
  assert.match(first.text, /Installing dependencies/);
  assert.equal(first.keys.length, 2);
  await answer(first.urls);
  assert.match(await openscf('ls'), /^timer-python .*Active/m);
  await openscf('rm', 'hello-python');
  await ctrlC(first);

  const again = await npmStart();
  assert.doesNotMatch(again.text, /Installing dependencies/);
  assert.deepEqual(again.keys, first.keys);
  assert.deepEqual(paths(again), paths(first));
  await answer(again.urls);
  const list = await openscf('ls');
  assert.match(list, /^hello-node .*Active/m);
  assert.doesNotMatch(list, /^hello-python /m, 'an example that was removed stays away');
  await ctrlC(again);
});
