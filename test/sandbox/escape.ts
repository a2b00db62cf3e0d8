// For the suite of escapes: functions that do what a test tells them to, and the same calls tried outside.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock, TurnableClock } from '../../src/core/clock.ts';
import type { FunctionVersion } from '../../src/core/function.ts';
import type { Outcome } from '../../src/core/invocation.ts';
import type { RuntimeDeps } from '../../src/runtime/runtime.ts';
import { probeBwrap } from '../../src/runtime/sandbox/bwrap/probe.ts';
import { type Bench, bench, type Files } from '../../src/runtime/testing.ts';

const INSIDE = join(import.meta.dirname, 'inside');
const read = (name: string) => readFileSync(join(INSIDE, name), 'utf8');

const means = await probeBwrap();
const python = hasPython();

/** Options of suites that need sandboxes, and of those that make raw system calls in Python. */
export const sandboxed = { skip: 'missing' in means ? means.missing.en : false };
export const sandboxedPython = { skip: sandboxed.skip || (!python && 'python3 is not installed') };
/** Whether this process may do what sandboxes are kept from; else the same fails outside as well. */
export const powerful = hasPower();

/** Whether instances have users of their own: those of an ordinary user's server are that user, in their own namespaces. */
export const ownUsers = process.geteuid?.() === 0;

/** Text that nothing but its owner may see. */
export const SECRET = `hunter2-${process.pid}`;

/** Everybody may write to them: it is the mount that forbids it. */
const NODE_FILES: Files = { 'index.js': { text: read('node.cjs'), mode: 0o100666 } };
const PYTHON_FILES: Files = {
  'index.py': read('python.py'),
  'calls.py': read('calls.py'),
  'numbers_of_calls.py': read('numbers_of_calls.py'),
};

export type Call = readonly [name: string | number, ...args: (number | string | null | readonly number[])[]];

export interface Attack {
  /** Runs a script as the body of an async function (`event`, `require`, `attempt`) in Node.js; what it returns. */
  node<T>(script: string, event?: object): Promise<T>;
  /** Runs a script in Python (`event`, `call`, `apart`, `calls`); what it leaves in `answer`. */
  python<T>(script: string, event?: object): Promise<T>;
  /** Raw system calls, each in a process of its own: names of errors, or numbers. */
  calls(calls: readonly Call[]): Promise<string[]>;
  /** The same, with all that is known of the run. */
  outcome(script: string, event?: object): Promise<Outcome>;
  /** The same of scripts in either language that do not end: once `meanwhile` is over, so is their time. */
  nodeRunsOut(script: string, meanwhile: () => Promise<void>, event?: object): Promise<Outcome>;
  pythonRunsOut(script: string, meanwhile: () => Promise<void>, event?: object): Promise<Outcome>;
  /** How often its instance of Node.js has been asked this: 1 when it is another one than before. */
  calledTimes(): Promise<number>;
  /** Ends its instances once they are idle. */
  end(): void;
  /** The functions behind it. */
  readonly version: FunctionVersion;
  readonly inPython: FunctionVersion;
}

export interface Ground extends Bench, AsyncDisposable {
  /** A function of its own: same code, another name. */
  attack(name: string, change?: Partial<FunctionVersion>): Promise<Attack>;
}

export async function ground(change: Partial<RuntimeDeps> = {}): Promise<Ground> {
  const processClock = new TurnableClock();
  // Bystanders are to stay, whatever room is taken and however much time passes.
  const at = await bench({ sandbox: 'bwrap', idleMs: 86_400_000, memoryMB: 16_384, processClock, ...change });
  assert.equal(at.runtime.driver.name, 'bwrap');
  const close = () => at[Symbol.asyncDispose]();
  return {
    ...at,
    [Symbol.asyncDispose]: close,
    async attack(name, change = {}) {
      const common = { timeoutS: 60, memoryMB: 256, ...change };
      const version = await at.version(NODE_FILES, { name, id: `lam-node-${name}`, ...common });
      const inPython = await at.version(PYTHON_FILES, {
        name: `${name}-python`,
        id: `lam-python-${name}`,
        ...common,
        runtime: 'Python3.10',
      });
      /** Its start is over before, so that no time but its own passes. */
      async function runsOut(target: FunctionVersion, first: string, event: object, meanwhile: () => Promise<void>) {
        returned(await at.run(target, { script: first }));
        const running = at.run(target, event);
        await meanwhile();
        await processClock.advance(target.timeoutS * 1000);
        processClock.resume();
        return running;
      }
      const outcome = (script: string, event: object = {}) => at.run(version, { ...event, script });
      const run = async <T>(target: FunctionVersion, script: string, event: object = {}): Promise<T> =>
        returned<T>(await at.run(target, { ...event, script }));
      return {
        version,
        inPython,
        outcome,
        calledTimes: () => run(version, 'globalThis.times = (globalThis.times ?? 0) + 1; return globalThis.times;'),
        end() {
          for (const one of [version, inPython]) at.runtime.forget(one);
        },
        node: (script, event) => run(version, script, event),
        python: (script, event) => run(inPython, script, event),
        nodeRunsOut: (script, meanwhile, event) => runsOut(version, 'return 1', { ...event, script }, meanwhile),
        pythonRunsOut: (script, meanwhile, event) => runsOut(inPython, 'answer = 1', { ...event, script }, meanwhile),
        calls: list => run(inPython, 'answer = calls.answers(event["calls"])', { calls: list }),
      };
    },
  };
}

/** Host processes in which a word stands in the command line. */
export function processesWith(word: string): number[] {
  const found = readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
  return found.map(Number).filter(pid => pid !== process.pid);
}

/** Processes below this one: the mount helper, and all that runs in sandboxes. */
export function descendants(pid = process.pid): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap(task => {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ');
      return children.filter(child => child !== '').flatMap(child => [Number(child), ...descendants(Number(child))]);
    });
  } catch {
    // Just ended.
    return [];
  }
}

/** Whether a process is stopped by a signal. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T');
  } catch {
    return false;
  }
}

/** Waits for what nobody tells: ends of processes, freed folders. */
export async function until(holds: () => boolean, what: string, ms = 30_000): Promise<void> {
  const clock = new SystemClock();
  for (const end = clock.now() + ms; clock.now() < end; await clock.sleep(5)) if (holds()) return;
  assert.fail(`not within ${ms} ms: ${what}`);
}

/** What a function returned; fails with its log when it did not. */
export function returned<T>(outcome: Outcome): T {
  assert.equal(outcome.status, 200, `${outcome.errorMessage} ${outcome.log}`);
  return JSON.parse(String(outcome.body)) as T;
}

/** The same calls by a process outside, as the user of this test. */
export function callsOutside(calls: readonly Call[]): string[] {
  const input = JSON.stringify(calls);
  return JSON.parse(execFileSync('python3', [join(INSIDE, 'calls.py')], { input, encoding: 'utf8' }));
}

/** CAP_SYS_MODULE, CAP_SYS_ADMIN and CAP_SYS_BOOT, and no filter of a container. */
function hasPower(): boolean {
  const status = readFileSync('/proc/self/status', 'latin1');
  const capabilities = Number.parseInt(/^CapEff:\s*[0-9a-f]*([0-9a-f]{8})$/m.exec(status)?.[1] ?? '0', 16);
  const needed = (1 << 16) | (1 << 21) | (1 << 22);
  return (capabilities & needed) === needed && /^Seccomp:\s*0$/m.test(status);
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import ctypes'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
