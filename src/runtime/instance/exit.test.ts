import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { LateClock } from '../../core/testing-clock.ts';
import type { Exit, Sandbox } from '../sandbox/driver.ts';
import { ExitWatch } from './exit.ts';

async function ended(awaited = true) {
  const clock = new LateClock(1000);
  const [channel, output] = [new PassThrough().resume(), new PassThrough()];
  const { promise: exited, resolve: exit } = Promise.withResolvers<Exit>();
  const lines: string[] = [];
  output.on('data', chunk => lines.push(`read ${chunk}`));
  new ExitWatch({ channel, output, exited } as unknown as Sandbox, clock, {
    unplugged: () => lines.push('unplugged'),
    exited: () => awaited,
    over: ({ code }) => lines.push(`over ${code}`),
  });
  exit({ code: 7, signal: null });
  const heard = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  };
  await heard();
  return { clock, channel, output, lines, heard };
}

test('it is over when all that was written has been read', async () => {
  const { channel, output, lines, heard } = await ended();
  channel.end();
  await heard();
  assert.deepEqual(lines, []);
  output.end('bye');
  await heard();
  assert.deepEqual(lines, ['read bye', 'over 7']);
});

test('what has left its pipes open is not waited for long', async () => {
  const { clock, lines, heard } = await ended();
  clock.pass(249);
  await heard();
  assert.deepEqual(lines, []);
  clock.pass(1);
  await heard();
  assert.deepEqual(lines, ['over 7']);
});

test('where nobody waits for what it had to say, it is over at once', async () => {
  assert.deepEqual((await ended(false)).lines, ['over 7']);
});

test('what came while the server stood still is read before it is over', async () => {
  const { clock, output, lines, heard } = await ended();
  // A process that goes on sees what is due before it reads what has come.
  clock.pass(5000);
  output.write('last words');
  await heard();
  assert.deepEqual(lines, ['read last words', 'over 7']);
});
