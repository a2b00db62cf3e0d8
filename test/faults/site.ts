// A data folder with the three functions in it, the reports of these, and one server after the other.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sdkOf } from '../fixture.ts';
import { processesOf } from './folder.ts';
import { deployKinds } from './functions.ts';
import { Ledger } from './ledger.ts';
import { type Life, type LifeOptions, type Served, startLife } from './life.ts';
import { openReports } from './reports.ts';

const CALL_MS = 120_000;
/** Instances end with their server, after a moment. */
const LEFT_MS = 60_000;

export interface Site {
  readonly dataDir: string;
  /** Holds the data folder, and may hold copies of it. */
  readonly scratchDir: string;
  readonly ledger: Ledger;
  /** Where the functions report. */
  readonly port: number;
  start(options?: Partial<LifeOptions>): NumberedLife;
  /** Ends what runs, drops the folder, and says which processes are left. */
  close(): Promise<readonly string[]>;
}

export interface NumberedLife extends Life {
  /** In the ledger. */
  readonly number: number;
}

/** `runMs` says how long a function takes with an event. */
export async function openSite(runMs: () => number, settings: LifeOptions['settings'] = {}): Promise<Site> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'openscf-faults-'));
  const dataDir = join(scratchDir, 'data');
  const cacheDir = join(scratchDir, 'cache');
  const ledger = new Ledger();
  const reports = await openReports(ledger, runMs);
  const lives: Life[] = [];
  return {
    dataDir,
    scratchDir,
    ledger,
    port: reports.port,
    start(options = {}) {
      const life = startLife({ dataDir, settings, cacheDir, ...options });
      lives.push(life);
      const number = ledger.lifeBegan(life.pid, life.settled);
      void life.ended.then(() => ledger.lifeEnded(number));
      return { ...life, number };
    },
    async close() {
      await Promise.all(lives.map(life => life.kill()));
      await reports.close();
      await wait(() => processesOf(scratchDir).length === 0, LEFT_MS);
      const left = processesOf(scratchDir);
      await rm(scratchDir, { recursive: true, force: true, maxRetries: 3 });
      return left;
    },
  };
}

/** The functions, made by a server that is stopped again. */
export async function openDeployedSite(...options: Parameters<typeof openSite>): Promise<Site> {
  const site = await openSite(...options);
  try {
    const first = site.start();
    await deployKinds(sdkOf(await first.ready), site.port);
    const how = await first.stop();
    if (how !== '0') throw new Error(`the first server ended with ${how}\n${first.complaints()}`);
    return site;
  } catch (error) {
    await site.close();
    throw error;
  }
}

/** A path under /_openscf/v1. */
export async function own<T>({ endpoint, token }: Served, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${endpoint}/_openscf/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout(CALL_MS),
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

export const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

/** Until it is so, or the time is over: what is missing then is counted by who asked. */
export async function wait(isSo: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!isSo() && performance.now() < end) await pause(10);
  return isSo();
}

const DRAIN_MS = 180_000;
/** Nothing ended for so long: what is still open does not come. */
const STILL_MS = 60_000;

/** Works off all that is due; false when something did not come. */
export function settleDue(ledger: Ledger): Promise<boolean> {
  let seen = { open: ledger.open.size, at: performance.now() };
  return wait(() => {
    const now = performance.now();
    if (ledger.open.size !== seen.open) seen = { open: ledger.open.size, at: now };
    return seen.open === 0 || now - seen.at > STILL_MS;
  }, DRAIN_MS).then(() => ledger.open.size === 0);
}

/** Turns the clock until all that is to be tried again has been. */
export async function settleRetries(served: Served, ledger: Ledger): Promise<void> {
  ledger.turnedAt = Math.min(ledger.turnedAt, performance.now());
  for (let turn = 0; turn < 3; turn++) await own(served, 'POST', '/clock', { action: 'advance', ms: 60_000 });
}
