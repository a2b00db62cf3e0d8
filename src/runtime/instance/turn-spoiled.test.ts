// The turn file after a function has spoiled it.

import assert from 'node:assert/strict';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTurns } from '../sandbox/turns.ts';
import { begun, revoke } from './turn.ts';

test('what cannot be read has begun: no event is run twice', () => {
  const fd = openTurns();
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
