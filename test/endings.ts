// How functions end: what the tests of endings share. A server, functions on it in both languages, and what is left.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { deploy, invoke, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

export const LANGUAGES = ['Nodejs18.15', 'Python3.9'] as const;
export type RuntimeId = (typeof LANGUAGES)[number];
const pythonMissing = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3';
/** Why tests of a runtime cannot be run here; false when they can. */
export const skipOf = (runtime: RuntimeId) => runtime === 'Python3.9' && pythonMissing;

export interface Ended {
  readonly status: number;
  readonly message: string;
  readonly stack: string;
  /** What was returned; undefined for a failure. */
  readonly value: unknown;
  readonly log: string;
  readonly ms: number;
}

export interface Stage {
  readonly server: TestServer;
  readonly sdk: Scf;
  readonly driver: string;
  /** The kernel limits memory and processes. */
  readonly cgroups: boolean;
  /** Programs with a session of their own end with the instance that started them. */
  readonly endsSessions: boolean;
  /** A function whose limits of time are out of reach unless `more` says otherwise. */
  make(runtime: RuntimeId, code: Parameters<typeof deploy>[2], more?: Parameters<typeof deploy>[3]): Promise<string>;
  call(name: string, event?: unknown): Promise<Ended>;
  /** A call that fails with `status` and says so. */
  ends(name: string, event: unknown, status: number, says: RegExp): Promise<Ended>;
  /** A call that returns `value`. */
  works(name: string, event: unknown, value: unknown): Promise<Ended>;
  /**
   * A call of a function made with `SHORT` whose process is to name itself `mark` and then never to answer: once it has that name its
   * time passes.
   */
  runsOut(name: string, event: unknown, mark: string, status: number, says: RegExp): Promise<Ended>;
  /** Processes of functions, and all that this process has started: pid and command line. */
  processes(): Map<number, string>;
  /** Processes that have given themselves this name (/proc/self/comm), of at most 15 characters. */
  named(name: string): number[];
  /** Instances that the server counts as living. */
  instances(): Promise<number>;
  /** Stops the server; nothing may be left of it. */
  close(): Promise<void>;
}

/** Limits that `runsOut` turns away. */
export const SHORT = { Timeout: 60, InitTimeout: 60 } as const;
const FAR = { Timeout: 900, InitTimeout: 300 } as const;

/** Code by which a process gives itself the name that an expression of its language stands for. */
export const NAMES: Readonly<Record<RuntimeId, (expression: string) => string>> = {
  'Nodejs18.15': expression => `require('fs').writeFileSync('/proc/self/comm', ${expression});`,
  'Python3.9': expression => `open('/proc/self/comm', 'w').write(${expression})`,
};

let marks = 0;
/** A name for a process. */
export const freshMark = () => `end-${process.pid % 100_000}-${marks++}`;

/** In the environment of whatever a function starts. */
const MARK = 'ENDINGS_OF';
const SETTLE_MS = 20_000;

export async function openStage(settings: Readonly<Record<string, unknown>> = {}): Promise<Stage> {
  // Idle instances are to stay: some tests count them.
  const server = await startTestServer({ 'quota.functions': 100, memory: 16_384, ...settings });
  const sdk = sdkOf(server);
  const { driver } = await server.get<{ driver: { name: string; notes: string[] } }>('/doctor');
  let made = 0;
  const mark = `${process.pid}-${Math.floor(performance.now() * 1000)}`;

  async function call(name: string, event: unknown = {}): Promise<Ended> {
    const began = performance.now();
    const { RetMsg, InvokeResult, Log } = await invoke(sdk, name, event);
    const ms = performance.now() - began;
    const parsed = JSON.parse(RetMsg);
    if (InvokeResult === 0) return { status: 200, message: '', stack: '', value: parsed, log: Log, ms };
    const { statusCode: status, errorMessage: message, stackTrace: stack = '' } = parsed;
    return { status, message, stack, value: undefined, log: Log, ms };
  }

  async function ends(running: Promise<Ended>, status: number, says: RegExp): Promise<Ended> {
    const ended = await running;
    const told = `${ended.message} ${ended.stack}\n${ended.log}`;
    assert.deepEqual([ended.status, ended.value], [status, undefined], told);
    assert.match(ended.message, says);
    return ended;
  }

  const named = (mark: string) => [...living()].filter(([, stat]) => stat.name === mark).map(([pid]) => pid);
  const says = (text: string) => driver.notes.some(note => note.includes(text));
  const processes = () => processesOf([`${MARK}=${mark}`, server.dataDir]);
  return {
    server,
    sdk,
    driver: driver.name,
    cgroups: !says('CPU 不按内存分配'),
    endsSessions: !says('自行开启会话的程序会比实例活得更久'),
    async make(runtime, code, more = {}) {
      const name = `${runtime.replace('.', '_')}-${made++}`;
      const Variables = [{ Key: MARK, Value: mark }, ...(more.Environment?.Variables ?? [])];
      await deploy(sdk, name, code, { Runtime: runtime, MemorySize: 128, ...FAR, ...more, Environment: { Variables } });
      return name;
    },
    call,
    ends: (name, event, status, says) => ends(call(name, event), status, says),
    async runsOut(name, event, mark, status, says) {
      let over = false;
      const running = call(name, event).finally(() => {
        over = true;
      });
      await until('it has begun', async () => over || named(mark).length > 0);
      for (const seconds of [SHORT.Timeout / 2, SHORT.Timeout]) {
        assert.equal(over, false, 'it runs until its time is over');
        await server.passForFunctions(seconds * 1000);
      }
      return ends(running, status, says);
    },
    async works(name, event, value) {
      const ended = await call(name, event);
      assert.deepEqual([ended.status, ended.value], [200, value], `${ended.message} ${ended.stack}\n${ended.log}`);
      return ended;
    },
    processes,
    named,
    async instances() {
      const text = await (await fetch(`${server.endpoint}/metrics`)).text();
      return Number(/^openscf_instances(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
    },
    async close() {
      await server.close();
      let left = processes();
      const end = performance.now() + SETTLE_MS;
      while (left.size > 0 && performance.now() < end) {
        await new Promise(setImmediate);
        left = processes();
      }
      for (const pid of left.keys()) process.kill(pid, 'SIGKILL');
      assert.deepEqual([...left.values()], [], 'processes are left of a server that was stopped');
    },
  };
}

/** Until none of these lives. */
export function gone(living: () => readonly unknown[]): Promise<unknown> {
  return until('the processes have ended', async () => living().length === 0);
}

interface Stat {
  readonly name: string;
  readonly parent: number;
}

/** All that live; those that only wait to be reaped are dead. Nothing is read here that a process could hold up. */
function living(): Map<number, Stat> {
  const found = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!(pid > 0) || pid === process.pid) continue;
    const stat = read(`/proc/${pid}/stat`);
    const end = stat.lastIndexOf(')');
    // After the name, which may hold anything: state, parent.
    const [state, parent] = stat.slice(end + 2).split(' ');
    if (stat === '' || state === 'Z' || state === 'X') continue;
    found.set(pid, { name: stat.slice(stat.indexOf('(') + 1, end), parent: Number(parent) });
  }
  return found;
}

/** All that descends from this process, and whatever carries one of the marks. */
function processesOf(marks: readonly string[]): Map<number, string> {
  const all = living();
  const found = new Map<number, string>();
  for (const pid of all.keys()) {
    let ancestor = all.get(pid)?.parent;
    while (ancestor !== undefined && ancestor !== process.pid) ancestor = all.get(ancestor)?.parent;
    const environment = ancestor === process.pid ? '' : read(`/proc/${pid}/environ`);
    if (ancestor === process.pid || marks.some(mark => environment.includes(mark))) found.set(pid, commandOf(pid));
  }
  return found;
}

const commandOf = (pid: number) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Ended meanwhile, or somebody else's.
    return '';
  }
}
