// The thread that owns the file of waiting events, so that no fsync ever stops the server's own thread.

import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from '../errors.ts';
import { Batches } from './batches.ts';
import { type OpenDatabase, openDatabase, Refused } from './database.ts';
import type { FromThread, KillPoint, ThreadOptions, ToThread } from './protocol.ts';

const options = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('this file is run as a thread');

const passed = killer(options.kill);
const send = (message: FromThread, buffers: ArrayBuffer[] = []) => port.postMessage(message, buffers);

let open: OpenDatabase | undefined;
try {
  open = openDatabase(options);
  const batches = new Batches(open.db, passed);
  port.on('message', (message: ToThread) => {
    if (message === 'close') {
      open?.close();
      port.close();
      return;
    }
    send(batches.run(message));
    passed('queue.answered');
  });
  send({ opened: { lanes: batches.lanes, lastSeq: batches.lastSeq } });
} catch (error) {
  open?.close();
  send({ failed: error instanceof Refused ? error.failure : failureOf(error) });
}

function killer(kill: ThreadOptions['kill']): (point: KillPoint) => void {
  if (!kill) return () => {};
  let left = kill.after;
  return point => {
    if (point === kill.at && --left <= 0) process.kill(process.pid, 'SIGKILL');
  };
}
