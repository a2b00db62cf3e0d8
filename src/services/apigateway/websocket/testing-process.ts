// A gateway in a process of its own, for tests of its memory alone: tells its port and path, and then, whenever it is
// asked, how many connections it has and what it keeps for them.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SocketStand } from './testing.ts';

export interface Told {
  readonly connections: number;
  /** After garbage has been collected. */
  readonly heapBytes: number;
  /** Of buffers; the access log has some, up to its limit. */
  readonly externalBytes: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const open = await SocketStand.open();

process.on('message', async () => {
  // What the tests keep is not the gateway's.
  open.functions.registered.length = 0;
  open.functions.gone.length = 0;
  // Finalizers run between two collections.
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed: heapBytes, external: externalBytes } = process.memoryUsage();
  const told: Told = { connections: open.stand.gateway.connections(), heapBytes, externalBytes };
  process.send?.(told);
});
process.on('disconnect', () => process.exit());
process.send?.({ port: open.stand.port, path: `${open.base}/chat` });
