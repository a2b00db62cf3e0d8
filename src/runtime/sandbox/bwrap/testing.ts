// For tests: a driver in a folder of its own, scripts that run in its sandboxes, and a look at what is left behind.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SystemClock } from '../../../core/clock.ts';
import { SystemIds, shortId } from '../../../core/ids.ts';
import { NO_LOG } from '../../../core/log.ts';
import { openBwrapDriver } from '../bwrap.ts';
import type { Assignment, Exit, Sandbox, SandboxDriver, SandboxSpec } from '../driver.ts';
import { probeBwrap } from './probe.ts';
import type { BwrapChoices, BwrapDeps } from './workshop.ts';

const ids = new SystemIds();
const means = await probeBwrap();

/** Options of tests that need sandboxes. */
export const withBwrap = { skip: 'missing' in means ? means.missing.en : false };
export const asRoot = { skip: withBwrap.skip || (!('missing' in means) && !means.able.root && 'needs root') };

/** What a driver says of its weaknesses. */
export const weaker = ({ weaker }: SandboxDriver): string => weaker.map(({ whole }) => whole.en).join('; ');

export interface Bench extends AsyncDisposable {
  readonly driver: SandboxDriver;
  readonly mark: string;
  /** Of the server's data, and below it the code. */
  readonly dir: string;
  /** A folder with these files, for an assignment. */
  folder(files: Readonly<Record<string, string>>): Promise<string>;
}

export async function bench(choices: BwrapChoices = {}, more: Partial<BwrapDeps> = {}): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-bwrap-'));
  const mark = shortId(ids, 12);
  const deps = { dataDir: dir, mark, clock: new SystemClock(), ids, log: NO_LOG, hosts: [], caFile: undefined };
  const driver = await openBwrapDriver({ ...deps, ports: () => [], ...more }, choices);
  if ('missing' in driver) throw new Error(driver.missing.en);
  return {
    driver,
    mark,
    dir,
    async folder(files) {
      const path = join(dir, 'code', shortId(ids, 12));
      await mkdir(path, { recursive: true });
      for (const [name, content] of Object.entries(files)) {
        await writeFile(join(path, name), content);
        // Whoever may not write there is kept from it by the mount alone.
        await chmod(join(path, name), 0o666);
      }
      await chmod(path, 0o777);
      return path;
    },
    async [Symbol.asyncDispose]() {
      await driver.close();
      await nothingLeft(dir, mark);
      await rm(dir, { recursive: true });
    },
  };
}

export const NODE = process.execPath;

export function specOf(script: string, more: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    shows: [dirname(NODE)],
    memoryMB: 256,
    network: 'shared',
    ...more,
  };
}

export interface Ended {
  readonly out: string;
  readonly exit: Exit;
}

/** To its end; the function, if given, is there before the script begins. */
export async function run(
  driver: SandboxDriver,
  script: string,
  more: Partial<SandboxSpec> = {},
  assignment?: Assignment,
): Promise<Ended> {
  const waits = assignment || more.network === 'own';
  const sandbox = driver.start(specOf(waits ? `read go <&3; ${script}` : script, more));
  return finish(sandbox, async () => {
    if (!waits) return;
    await sandbox.assign(assignment ?? { codeDir: '/usr', optDir: undefined, memoryMB: 256 });
    sandbox.channel.write('\n');
  });
}

export async function finish(sandbox: Sandbox, meanwhile: () => Promise<void> = async () => {}): Promise<Ended> {
  sandbox.channel.on('error', () => {}).resume();
  const out = text(sandbox.output);
  try {
    await meanwhile();
    return { out: await out, exit: await sandbox.exited };
  } finally {
    sandbox.kill();
    await sandbox.exited;
    sandbox.close();
  }
}

/** The next line that a sandbox prints. */
export function nextLine(sandbox: Sandbox): Promise<string> {
  return new Promise((resolve, reject) => {
    let whole = '';
    const read = (chunk: Buffer) => {
      whole += chunk;
      if (!whole.includes('\n')) return;
      sandbox.output.off('data', read);
      resolve(whole.slice(0, whole.indexOf('\n')));
    };
    sandbox.output.on('data', read);
    void sandbox.exited.then(exit => reject(new Error(`${JSON.stringify(exit)} ${exit.error ?? ''} after ${whole}`)));
  });
}

/** Nothing takes so long, even on a machine that does other things meanwhile. */
const LONG_MS = 60_000;

/** Until it holds; for processes, which tell nobody of their end. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const clock = new SystemClock();
  for (const end = clock.now() + LONG_MS; clock.now() < end; await clock.sleep(2)) if (holds()) return;
  assert.fail(`never: ${what}`);
}

/** Of the programs that tests start: the command line of a process that hangs cannot be read. */
const STARTED = /^(?:bwrap|sh|sleep|linux-\w+|node|MainThread|setsid)\n$/;

/** Processes in which a word stands in the command line. */
export function processesWith(word: string): string[] {
  return readdirSync('/proc').filter(name => {
    try {
      return (
        /^\d+$/.test(name) &&
        STARTED.test(readFileSync(`/proc/${name}/comm`, 'latin1')) &&
        Number(name) !== process.pid &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word)
      );
    } catch {
      return false;
    }
  });
}

/** Mounts, loop devices, control groups and files that a driver should have taken away. */
export function leftovers(dir: string, mark: string): string[] {
  const found: string[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) if (line.includes(dir)) found.push(line);
  for (const device of list('/sys/block').filter(name => name.startsWith('loop'))) {
    const file = read(`/sys/block/${device}/loop/backing_file`);
    if (file.includes(dir)) found.push(`${device} ${file}`);
  }
  for (const root of ['/sys/fs/cgroup', ...list('/sys/fs/cgroup').map(name => `/sys/fs/cgroup/${name}`)])
    found.push(...list(root).filter(name => name.includes(mark)));
  for (const folder of ['tmp', 'turns']) found.push(...list(join(dir, 'sandbox', folder)));
  return found;
}

/**
 * A loop device goes when the last mount namespace that has seen its mount is gone: one that somebody else's sandbox has
 * just copied, and not yet thrown away, holds it for a moment.
 */
export async function nothingLeft(dir: string, mark: string): Promise<void> {
  const clock = new SystemClock();
  for (const end = clock.now() + LONG_MS; leftovers(dir, mark).length > 0 && clock.now() < end; ) await clock.sleep(2);
  assert.deepEqual(leftovers(dir, mark), []);
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What this process has open, by what it leads to. */
export function openFiles(): number {
  return list('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) !== '';
    } catch {
      return false;
    }
  }).length;
}
