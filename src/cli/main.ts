// The program `openscf`.

import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SystemClock } from '../core/clock.ts';
import { runCli } from './run.ts';

// A reader that has seen enough (head) is no fault.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  clock: new SystemClock(),
  out: content => void process.stdout.write(content),
  write: content =>
    new Promise((resolve, reject) => process.stdout.write(content, error => (error ? reject(error) : resolve()))),
  note: text => void process.stderr.write(text),
  stdin: () => buffer(process.stdin),
  input: signal => addAbortSignal(signal, process.stdin),
});
