// The plain driver: a process group of its own with resource limits. Works everywhere, keeps apart little.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { OPEN_FILES } from '../../core/limits.ts';
import type { Exit, Sandbox, SandboxDriver, SandboxSpec } from './driver.ts';
import { memoryReader } from './memory.ts';

/** stderr joins stdout here, so that one pipe keeps their order. A limit that cannot be set is left as it is. */
const SCRIPT = `ulimit -n ${OPEN_FILES} 2>/dev/null; ulimit -c 0 2>/dev/null; exec "$@" 2>&1`;

/** util-linux: lets an instance die with this server, even when that is killed. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find(path => process.platform === 'linux' && existsSync(path));
const DIE_WITH_SERVER = SETPRIV ? [SETPRIV, '--pdeathsig', 'KILL', '--'] : [];

export const processDriver: SandboxDriver = {
  name: 'process',
  protects:
    'each instance is a process group of its own with a clean environment and limits on open files; ' +
    'time and memory limits end the whole group',
  weaker:
    'code runs as the user of this server, sees its files and network, can write to its own code folder, and shares /tmp; ' +
    'memory is watched every 20-50 ms instead of limited by the kernel; the number of processes is not limited; ' +
    'a program that starts a session of its own outlives its instance',
  start,
};

function start(spec: SandboxSpec): Sandbox {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', ...DIE_WITH_SERVER, spec.command, ...spec.args], {
    cwd: spec.codeDir,
    env: spec.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
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
  return { channel, output, exited, kill, memoryBytes: () => memory?.read() ?? 0 };
}
