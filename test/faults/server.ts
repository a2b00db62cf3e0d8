// A whole server as a process of its own: `server.ts <data folder> [settings as JSON]`. It prints a line that says where
// it listens, and a byte for each attempt whose end is written. With OPENSCF_TEST_KILL="<point>:<n>" it kills itself, as
// only SIGKILL can, when it comes by that point for the n-th time.

import { writeSync } from 'node:fs';
import type { KillPoint } from '../../src/queue/sqlite/protocol.ts';
import type { Faults } from '../../src/server/stores.ts';
import { startServer } from '../../src/server.ts';
import { testConfig } from '../harness.ts';

const [dataDir = '', settings = '{}'] = process.argv.slice(2);

/** Points of the queue are in its worker thread, the others between the steps of the path. */
function faultsOf(wish: string): Faults {
  const [point = '', times = '1'] = wish.split(':');
  const after = Number(times);
  if (!(after >= 1)) throw new Error(`OPENSCF_TEST_KILL=${wish}`);
  let left = after;
  return {
    step(name) {
      // At once: there may be no later.
      if (name === 'settled') writeSync(1, '.');
      if (name === point && --left === 0) process.kill(process.pid, 'SIGKILL');
    },
    ...(point.startsWith('queue.') && { queue: { at: point as KillPoint, after } }),
  };
}

const stopped = new Promise<void>(resolve => {
  process.once('SIGTERM', () => resolve());
});

const { config, origins } = testConfig(dataDir, {
  // Here an instance is a child of the server: by its parent a function tells whose life it belongs to.
  sandbox: 'process',
  // One process per function takes all that is asked of it: what is tried here is the queue, not the start of instances.
  'compat.eventInstanceConcurrency': true,
  ...(JSON.parse(settings) as object),
});
const server = await startServer({ config, origins, faults: faultsOf(process.env.OPENSCF_TEST_KILL ?? '') });
const { endpoint, credentials, token } = server;
writeSync(1, `${JSON.stringify({ endpoint, credentials, token })}\n`);
await stopped;
await server.close();
