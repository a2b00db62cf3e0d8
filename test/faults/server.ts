// A whole server as a process of its own: `server.ts <data folder> [settings as JSON]`. With OPENSCF_TEST_KILL="<point>:<n>"
// it kills itself, as only SIGKILL can, when it comes by that point for the n-th time.

import { loadConfig } from '../../src/config.ts';
import type { KillPoint } from '../../src/queue/sqlite/protocol.ts';
import { startServer } from '../../src/server.ts';

const [dataDir = '', settings = '{}'] = process.argv.slice(2);

/** Points of the queue are in its worker thread, the others between the steps of the path. */
function faultsOf(wish: string | undefined) {
  if (wish === undefined) return {};
  const [point = '', times] = wish.split(':');
  const after = Number(times);
  if (!(after >= 1)) throw new Error(`OPENSCF_TEST_KILL=${wish}`);
  if (point.startsWith('queue.')) return { queue: { at: point as KillPoint, after } };
  let left = after;
  return {
    step(name: string) {
      if (name === point && --left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}

const stopped = new Promise<void>(resolve => {
  process.once('SIGTERM', () => resolve());
});

const flags = {
  data: dataDir,
  portApi: 0,
  portHttp: 0,
  portTls: 0,
  dev: true,
  logLevel: 'error',
  memory: 2048,
  sandbox: process.env.OPENSCF_TEST_SANDBOX ?? 'process',
  warm: 0,
  runtimes: 'installed',
  // One process per function takes all that is asked of it: what is tried here is the queue, not the start of instances.
  'compat.eventInstanceConcurrency': true,
  ...(JSON.parse(settings) as object),
};
const { config, origins } = loadConfig({
  flags,
  env: { LANG: 'C' },
  cwd: dataDir,
  freeMemoryMB: 4096,
});
const options = {
  config,
  origins,
  faults: faultsOf(process.env.OPENSCF_TEST_KILL),
};
const server = await startServer(options);
const { endpoint, credentials, token } = server;
process.stdout.write(`${JSON.stringify({ endpoint, credentials, token })}\n`);
await stopped;
await server.close();
