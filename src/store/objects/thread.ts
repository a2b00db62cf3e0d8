// The thread that writes the object index, so that no fsync ever stops the server's own thread.

import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from './database.ts';
import { failureOf } from './errors.ts';
import type { FromThread, KillPoint, ThreadOptions, ToThread } from './protocol.ts';
import { Reserve } from './reserve.ts';
import { Thrift } from './thrift.ts';
import { Writer } from './writer.ts';

const { file, maxPages, kill } = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('this file is run as a thread');

const passed = killer(kill);
const send = (message: FromThread) => port.postMessage(message);

let db: DatabaseSync | undefined;
try {
  const open = connect(file);
  db = open;
  if (maxPages !== undefined) open.exec(`PRAGMA max_page_count = ${maxPages}`);
  const reserve = new Reserve(`${file}.reserve`);
  const thrift = new Thrift(open, reserve);
  const writer = new Writer(open, passed, reserve);
  port.on('message', (message: ToThread) => {
    if (message === 'close') {
      open.close();
      port.close();
      return;
    }
    thrift.look();
    send(writer.run(message));
    passed('answered');
  });
  send('open');
} catch (error) {
  db?.close();
  send({ notOpened: failureOf(error) });
}

function killer(kill: ThreadOptions['kill']): (point: KillPoint) => void {
  if (!kill) return () => {};
  let left = kill.after;
  return point => {
    if (point === kill.at && --left <= 0) process.kill(process.pid, 'SIGKILL');
  };
}
