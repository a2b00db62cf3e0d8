// Sandboxes of web functions: what their channel says of the port (native/web.c), and whether this machine can have them.

import { realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Clock, SystemClock } from '../../core/clock.ts';
import { CloudError, errorRow, failer } from '../../core/errors.ts';
import type { Sentence } from '../languages/language.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from './driver.ts';

/** Documented: web functions listen on it. */
export const WEB_PORT = 9000;

const NOT_HERE: Sentence = {
  zh: 'Web 函数只能在 Linux x64 或 arm64 上运行，请在 Linux 上启动本服务（容器或虚拟机亦可）',
  en: 'web functions run on Linux x64 and arm64 alone: start this server on Linux (a container or a virtual machine will do)',
};

const fail = failer({ UnsupportedOperation: errorRow.caller(`${NOT_HERE.zh}。`, `${NOT_HERE.en}.`) });

/** By a driver whose machine has no program of ours to stand between a function and its port. */
export function refuseWeb(): never {
  return fail('UnsupportedOperation');
}

export type WebWord =
  | {
      readonly kind: 'listen';
      /** Where this server reaches it. */
      readonly host: '127.0.0.1' | '::1';
      readonly port: number;
      /** It has asked for a loopback address: in the cloud nobody would reach it. */
      readonly loopbackOnly: boolean;
    }
  | { readonly kind: 'nolisten'; readonly reason: string };

/** A line of the channel; undefined for what is none of ours. */
export function webWord(line: string): WebWord | undefined {
  const [, digits, family, asked] = /^listen (\d{1,5}) ([46]) (any|loopback)$/.exec(line) ?? [];
  if (digits !== undefined) {
    const host = family === '4' ? '127.0.0.1' : '::1';
    return { kind: 'listen', host, port: Number(digits), loopbackOnly: asked === 'loopback' };
  }
  const reason = /^nolisten (.+)$/.exec(line)?.[1];
  return reason === undefined ? undefined : { kind: 'nolisten', reason };
}

/** What the kernel or a container forbids, and what helps. */
export function webObstacle(reason: string): Sentence {
  return {
    zh: `本机无法运行 Web 函数（${reason}）：需要 Linux 5.6 或更高版本；在容器中请以 docker run --cap-add SYS_PTRACE（或 --security-opt seccomp=unconfined）启动`,
    en: `web functions cannot be run on this machine (${reason}): they need Linux 5.6 or newer; start a container with docker run --cap-add SYS_PTRACE (or --security-opt seccomp=unconfined)`,
  };
}

/** Far more than a start takes on a busy machine. */
const TRIAL_MS = 15_000;

function specOfTrial(): SandboxSpec {
  const node = realpathSync(process.execPath);
  return {
    command: node,
    args: ['-e', `require('node:net').createServer().listen(${WEB_PORT}, '0.0.0.0')`],
    env: {},
    shows: [node],
    memoryMB: 128,
    network: 'shared',
    web: WEB_PORT,
  };
}

/** One that listens and is ended: why web functions cannot be run here, undefined when they can. Takes a tenth of a second. */
export async function webTrial(driver: SandboxDriver, clock: Clock = new SystemClock()): Promise<Sentence | undefined> {
  let sandbox: Sandbox;
  if (process.platform !== 'linux') return NOT_HERE;
  try {
    sandbox = driver.start(specOfTrial());
  } catch (error) {
    if (error instanceof CloudError) return NOT_HERE;
    return webObstacle((error as Error).message);
  }
  let heard: WebWord | undefined;
  let late = false;
  const output: string[] = [];
  sandbox.output.on('error', () => {}).on('data', (chunk: Buffer) => output.push(String(chunk)));
  sandbox.channel.on('error', () => {});
  createInterface({ input: sandbox.channel }).on('line', line => {
    heard ??= webWord(line);
    if (heard?.kind === 'listen') sandbox.kill();
  });
  using _ = clock.at(clock.now() + TRIAL_MS, () => {
    late = true;
    sandbox.kill();
    sandbox.channel.destroy();
  });
  const { code, signal, error } = await sandbox.exited;
  // What it said last may still be on its way.
  if (!sandbox.channel.closed) await new Promise<void>(resolve => sandbox.channel.once('close', resolve));
  sandbox.close();
  if (heard?.kind === 'listen') return undefined;
  if (heard?.kind === 'nolisten') return webObstacle(heard.reason);
  if (error) return webObstacle(error.message);
  if (late) return webObstacle('a trial did not listen in time');
  const said = output.join('').trim().split('\n').at(-1) ?? '';
  return webObstacle(`a trial ended with ${signal ?? `exit code ${code}`}${said === '' ? '' : `: ${said}`}`);
}
