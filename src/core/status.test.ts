import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STATUS, type StatusClass, statusClass } from './status.ts';

describe('function status codes', () => {
  const CLASSES: Readonly<Record<StatusClass, readonly number[]>> = {
    ok: [200],
    run: [403, 405, 407, 430, 433, 434, 437, 439, 443, 444, 445, 446, 447, 450, 455, 456],
    limit: [429, 432, 449],
    system: [440, 500],
    request: [400, 404, 406, 435, 436, 438, 442],
    caller: [401, 402, 410, 441, 499],
  };

  for (const [name, codes] of Object.entries(CLASSES)) {
    test(`class ${name}`, () => {
      const found = Object.keys(STATUS).map(Number);
      assert.deepEqual(
        found.filter(code => statusClass(code) === name),
        [...codes],
      );
    });
  }

  test('names that are easily mixed up', () => {
    assert.equal(STATUS[432].name, 'ResourceLimitReached');
    assert.equal(STATUS[434].name, 'MemoryLimitReached');
    assert.equal(STATUS[439].name, 'User process exit when running');
    assert.equal(STATUS[499].name, 'RequestCanceled');
  });

  test('one that is not in the table is the platform’s own fault', () => {
    for (const code of [0, -1, 202, 418, 532, 600, 601, Number.NaN]) assert.equal(statusClass(code), 'system');
  });

  test('every row has a name', () => {
    for (const { name } of Object.values(STATUS)) assert.match(name, /^[A-Z]/);
  });
});
