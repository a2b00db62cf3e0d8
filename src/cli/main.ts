// The program `openscf`.

import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { languageOfLocale } from '../config.ts';
import { SystemClock } from '../core/clock.ts';
import { runCli } from './run.ts';

const leave = (error: NodeJS.ErrnoException): void => {
  // A reader that has seen enough (head) is no fault.
  if (error.code === 'EPIPE') process.exit(0);
  const zh = languageOfLocale(process.env) === 'zh';
  process.stderr.write(
    zh ? `错误：无法写入输出：${error.message}\n` : `error: The output cannot be written: ${error.message}\n`,
  );
  process.exit(1);
};
let lost = leave;
process.stdout.on('error', error => lost(error));
// Nobody is left to be told.
process.stderr.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  clock: new SystemClock(),
  out: content => void process.stdout.write(content),
  write: content =>
    new Promise((resolve, reject) => process.stdout.write(content, error => (error ? reject(error) : resolve()))),
  note: text => void process.stderr.write(text),
  stdin: () => buffer(process.stdin),
  onLost: work => {
    lost = work ?? leave;
  },
  input: signal => addAbortSignal(signal, process.stdin),
});
