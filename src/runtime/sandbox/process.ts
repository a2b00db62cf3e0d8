// The plain driver: a process group of its own with resource limits. Works everywhere, keeps apart little.

import { execFile, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { OPEN_FILES } from '../../core/limits.ts';
import type { Exit, Sandbox, SandboxDriver, SandboxSpec } from './driver.ts';
import { memoryReader } from './memory.ts';
import { openTurns } from './turns.ts';

/** stderr joins stdout here, so that one pipe keeps their order. A limit that cannot be set is left as it is. */
const SCRIPT = `ulimit -n ${OPEN_FILES} 2>/dev/null; ulimit -c 0 2>/dev/null; exec "$@" 2>&1`;

/** util-linux: lets an instance die with this server, even when that is killed. busybox's lacks the option. */
const DIE_WITH_SERVER = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'];

const PROTECTS =
  'each instance is a process group of its own with a clean environment and limits on open files; ' +
  'time and memory limits end the whole group';
const WEAKER = {
  zh:
    '函数代码以本服务的用户身份运行，可见其文件与网络，可写自己的代码目录，并共用 /tmp；' +
    '内存每 20–50 毫秒检查一次，而不由内核限制；不限制进程数；自行开启会话的程序会比实例活得更久',
  en:
    'code runs as the user of this server, sees its files and network, can write to its own code folder, and shares /tmp; ' +
    'memory is watched every 20-50 ms instead of limited by the kernel; the number of processes is not limited; ' +
    'a program that starts a session of its own outlives its instance',
} as const;
const OUTLIVES = {
  zh: '；服务被强制终止时，从不让出的函数会继续运行（安装 util-linux 以获得 setpriv）',
  en: '; a function that never yields outlives a server that is killed (install util-linux for setpriv)',
} as const;

export async function openProcessDriver(): Promise<SandboxDriver> {
  const bound = await works([...DIE_WITH_SERVER, '/bin/sh', '-c', ':']);
  const prefix = bound ? DIE_WITH_SERVER : [];
  const weaker = bound ? WEAKER : { zh: WEAKER.zh + OUTLIVES.zh, en: WEAKER.en + OUTLIVES.en };
  return {
    name: 'process',
    protects: PROTECTS,
    weaker,
    lateAssign: true,
    places: undefined,
    start: spec => start(spec, prefix),
    close: async () => {},
  };
}

function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise(resolve => execFile(command, args, error => resolve(error === null)));
}

function start(spec: SandboxSpec, prefix: readonly string[]): Sandbox {
  const turnFd = openTurns();
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', ...prefix, spec.command, ...spec.args], {
    cwd: '/',
    env: spec.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe', turnFd],
  });
  // Without descriptors or processes left there are no pipes, and the reason comes as an event.
  child.on('error', () => {});
  const channel = child.stdio?.[3] as Duplex | undefined;
  const output = child.stdout;
  if (!channel || !output) throw new Error('the system has no descriptors or processes left for an instance');
  const memory = child.pid === undefined ? undefined : memoryReader(child.pid);
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  };
  const exited = new Promise<Exit>(resolve => {
    child.once('error', error => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => {
      memory?.close();
      // What the function started ends with it.
      kill();
      resolve({ code, signal });
    });
  });
  const memoryBytes = () => memory?.read() ?? 0;
  return {
    channel,
    turnFd,
    output,
    exited,
    kill,
    memoryBytes,
    peakBytes: memoryBytes,
    oomKilled: () => false,
    close: () => closeSync(turnFd),
    assign: async ({ codeDir, optDir }) => ({ codeDir, optDir: optDir ?? '/opt', tmpDir: '/tmp' }),
  };
}
