// The turn file after a function has spoiled it.

import assert from 'node:assert/strict';
import { closeSync, constants, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTurns } from './sandbox/turns.ts';
import { begun, revoke } from './turn.ts';

function word(fd: number, at: number, value?: number): number {
  const bytes = Buffer.alloc(4);
  if (value === undefined) readSync(fd, bytes, 0, 4, at);
  else {
    bytes.writeUInt32LE(value, 0);
    writeSync(fd, bytes, 0, 4, at);
  }
  return bytes.readUInt32LE(0);
}

test('what has begun is read, what has not is revoked', () => {
  const fd = openTurns();
  assert.equal(begun(fd), 0);
  assert.equal(revoke(fd, 7), 0);
  assert.equal(word(fd, 8), 7);
  word(fd, 0, 5);
  assert.equal(begun(fd), 5);
  assert.equal(revoke(fd, 9), 5);
  assert.equal(word(fd, 8), 9);
  closeSync(fd);
});

test('what cannot be told has begun: no event is run twice', () => {
  const fd = openTurns();
  word(fd, 0, 3);
  ftruncateSync(fd, 0);
  assert.equal(begun(fd), Number.POSITIVE_INFINITY, 'cut short by the function');
  closeSync(fd);
  assert.equal(begun(fd), Number.POSITIVE_INFINITY);
  assert.equal(revoke(fd, 4), Number.POSITIVE_INFINITY);
});

test('a file that takes no words leaves everything where it is', () => {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-turn-'));
  const path = join(dir, 'turns');
  closeSync(openSync(path, 'w'));
  const fd = openSync(path, constants.O_RDONLY);
  assert.equal(revoke(fd, 4), Number.POSITIVE_INFINITY);
  closeSync(fd);
  rmSync(dir, { recursive: true });
});
