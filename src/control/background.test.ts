import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { keptLog } from '../core/fixture.ts';
import { Background } from './background.ts';
import { fail } from './errors.ts';

function scene() {
  const clock = new TurnableClock(0);
  const log = keptLog();
  return { clock, log, background: new Background({ clock, log }) };
}

test('an attempt is made again every five seconds until it succeeds, and a turned clock waits for it', async () => {
  const { clock, log, background } = scene();
  const at: number[] = [];
  background.begin({ layer: 'deps' }, async () => {
    at.push(clock.now());
    if (at.length < 3) throw new Error('disk full');
  });
  await clock.advance(9_999);
  assert.deepEqual(at, [0, 5_000]);
  await clock.advance(60_000);
  await background.settled();
  assert.deepEqual(at, [0, 5_000, 10_000]);
  assert.deepEqual(
    log.lines.map(({ level, fields }) => [level, 'layer' in fields && fields.layer]),
    [
      ['error', 'deps'],
      ['error', 'deps'],
    ],
  );
});

test('settled waits for all of them, also for those that begin meanwhile', async () => {
  const { background } = scene();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const ended: string[] = [];
  background.begin({}, async () => {
    await first.promise;
    background.begin({}, async () => {
      await second.promise;
      ended.push('second');
    });
    ended.push('first');
  });
  const settled = background.settled().then(() => ended.push('settled'));
  first.resolve();
  second.resolve();
  await settled;
  assert.deepEqual(ended, ['first', 'second', 'settled']);
});

test('closing ends the waiting for a next attempt, without a word', async () => {
  const { clock, log, background } = scene();
  background.begin({}, () => Promise.reject(new Error('disk full')));
  await clock.advance(0);
  await background.close();
  await background.settled();
  assert.deepEqual(
    log.lines.map(({ text }) => text),
    ['a transition could not be kept; trying again'],
  );
});

test('what a check throws becomes a reason; only what is no fault of the package is logged as an error', async () => {
  const { log, background } = scene();
  assert.equal(await background.reason({}, async () => undefined), undefined);
  const told = { ErrorCode: 'X', ErrorMessage: 'y' };
  assert.equal(await background.reason({}, async () => told), told);
  const wrong = await background.reason({}, async () =>
    fail('InvalidParameterValue.ZipFile', { zh: '损坏。', en: 'broken.' }),
  );
  assert.equal(wrong?.ErrorCode, 'InvalidParameterValue.ZipFile');
  assert.match(wrong?.ErrorMessage ?? '', /损坏。.*broken\./);
  assert.deepEqual(log.lines, []);

  const gone = await background.reason({}, async () => fail('InternalError.System', { sha256: 'abc' }));
  assert.equal(gone?.ErrorCode, 'InternalError.System');
  const other = await background.reason({ layer: 'deps' }, () => Promise.reject(new Error('disk full')));
  assert.equal(other?.ErrorCode, 'InternalError');
  assert.match(other?.ErrorMessage ?? '', /disk full/);
  assert.deepEqual(
    log.lines.map(({ level }) => level),
    ['error', 'error'],
  );
});

test('while it closes an interrupted check is no reason: it is made again at the next start', async () => {
  const { background } = scene();
  await background.close();
  await assert.rejects(
    background.reason({}, () => Promise.reject(new Error('closing'))),
    /closing/,
  );
});
