import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { openTurns } from '../sandbox/turns.ts';
import { RunQueue } from './queue.ts';
import type { Run } from './run.ts';
import { call } from './testing-instance.ts';

function queue(t: TestContext, { events = 3, concurrency = 1, spoiled = false } = {}) {
  const turnFd = openTurns();
  if (spoiled) closeSync(turnFd);
  else t.after(() => closeSync(turnFd));
  const runs = new RunQueue({ channel: new PassThrough(), turnFd, timeoutS: 3, concurrency });
  for (let turn = 1; turn <= events; turn++) {
    const run = runs.add({ call: call(`r${turn}`), since: 0, until: 0, settle: () => {} }, turn);
    if (!run.ahead) run.begin(1, 3, 0);
  }
  const at = (turn: number): Run => {
    const run = runs.find(`r${turn}`);
    assert.ok(run);
    return run;
  };
  const word = Buffer.alloc(4);
  /** The function has begun that turn. */
  const begins = (turn: number) => {
    word.writeUInt32LE(turn, 0);
    writeSync(turnFd, word, 0, 4, 0);
  };
  return { runs, at, begins };
}

const turns = (runs: readonly Run[]) => runs.map(run => run.turn);

test('the head is the oldest that is not over', t => {
  const { runs, at } = queue(t);
  assert.equal(runs.head, at(1));
  at(1).over = { status: 200, body: Buffer.alloc(0), message: '', stack: '' };
  assert.equal(runs.head, at(2));
  runs.remove(at(2));
  assert.equal(runs.head, at(3));
  for (const run of [...runs.all]) runs.remove(run);
  assert.equal(runs.head, undefined);
});

test('where a run stands, and what is taken out with it', t => {
  for (const [begun, turn, stands, unbegun] of [
    [0, 1, 'running', [2, 3, 4]],
    [0, 2, 'taken', [2, 3, 4]],
    [0, 4, 'taken', [2, 3, 4]],
    [2, 1, 'over', [3, 4]],
    [2, 2, 'next', [3, 4]],
    [2, 3, 'taken', [3, 4]],
  ] as const) {
    const { runs, at, begins } = queue(t, { events: 4 });
    runs.refill();
    begins(begun);
    const found = runs.isolate(at(turn));
    assert.deepEqual([found.stands, turns(found.unbegun)], [stands, unbegun], `turn ${turn} with ${begun} begun`);
    assert.deepEqual(turns(runs.all), [1, 2, 3, 4].slice(0, 4 - unbegun.length));
  }
});

test('one alone runs, whatever its file says: it was never to be taken back', t => {
  const { runs, at, begins } = queue(t, { events: 1 });
  begins(7);
  assert.deepEqual(runs.isolate(at(1)), { stands: 'running', unbegun: [] });
});

test('where the file tells nothing all may have begun', t => {
  const running = queue(t, { spoiled: true, events: 2 });
  assert.deepEqual(running.runs.isolate(running.at(1)), { stands: 'running', unbegun: [] });
  const behind = queue(t, { spoiled: true, events: 2 });
  assert.deepEqual(behind.runs.isolate(behind.at(2)), { stands: 'next', unbegun: [] });
  const dead = queue(t, { spoiled: true, events: 2 });
  assert.deepEqual(dead.runs.takeBehind(dead.runs.begun()), []);
});

test('what is held can be taken back without asking the file', t => {
  const { runs, at } = queue(t, { spoiled: true });
  runs.remove(at(2));
  assert.equal(runs.revoke(), 1);
  assert.deepEqual(turns(runs.takeBehind(1)), [3]);
  assert.deepEqual(turns(runs.all), [1]);
});
