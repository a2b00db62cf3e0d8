// Runs that are broken off, with real processes: those that were sent ahead, those beside others, those that wait.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FunctionVersion } from '../core/function.ts';
import { SeededIds } from '../core/ids.ts';
import { makeLanguages } from './languages/index.ts';
import { bench, LONG_MS, VERSION } from './testing.ts';

const NODE = {
  'index.js': `
exports.main_handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  process.stdout.write('began ' + event.number + ';');
  while (event.latch && !require('fs').existsSync(__dirname + '/' + event.latch));
  if (event.waits) return new Promise(() => setTimeout(() => {}, 1e8));
  callback(null, event.number);
};`,
};
const PYTHON = {
  'index.py': `
import os, sys, time
def main_handler(event, context):
    sys.stdout.write('began %d;' % event['number'])
    sys.stdout.flush()
    folder = os.path.dirname(os.path.abspath(__file__))
    while 'latch' in event and not os.path.exists(os.path.join(folder, event['latch'])): pass
    if event.get('waits'): time.sleep(1e6)
    return event['number']
`,
};
const LANGUAGES = [
  { name: 'Node.js', files: NODE, runtime: VERSION.runtime, skip: false },
  {
    name: 'Python',
    files: PYTHON,
    runtime: 'Python3.9',
    skip: spawnSync('python3', ['--version']).status === 0 ? false : 'no python3',
  },
];

/** A function that is known to be short and to keep its thread, so that events are sent ahead. */
async function warmed({ files, runtime }: (typeof LANGUAGES)[number]) {
  const b = await bench();
  const version = await b.version(files, { runtime, timeoutS: 900 });
  const logs: string[] = [];
  let number = 0;
  const run = async (more: object = {}) => {
    const own = number++;
    const outcome = await b.run(version, { number: own, ...more }, { requestId: `r${own}` });
    logs.push(outcome.log);
    return { ...outcome, number: own };
  };
  for (let at = 0; at < 40; at++) assert.equal((await run()).status, 200);
  /** How often it was begun. */
  const begun = (number: number) => logs.join('').split(`began ${number};`).length - 1;
  /** Lets the event go on that waits for it, through its folder of code. */
  const open = (latch: string) => {
    for (const folder of readdirSync(join(b.dir, 'code'))) writeFileSync(join(b.dir, 'code', folder, latch), '');
  };
  return { b, run, begun, open, next: () => number };
}

for (const language of LANGUAGES) {
  describe(language.name, { skip: language.skip }, () => {
    test('one that was sent ahead never begins, the one before it is not touched, those behind it run once', async () => {
      const { b, run, begun, next, open } = await warmed(language);
      await using _ = b;
      for (let round = 0; round < 5; round++) {
        const first = next();
        const runs = [run({ latch: `go${round}` }), ...Array.from({ length: 6 }, () => run())];
        assert.equal(b.runtime.terminate(`r${first + 2}`, round % 2 === 0), true);
        open(`go${round}`);
        const ended = await Promise.all(runs);
        assert.deepEqual(
          ended.map(({ status }) => status),
          [200, 200, 499, 200, 200, 200, 200],
        );
        for (const { number, status } of ended) assert.equal(begun(number), status === 200 ? 1 : 0, `event ${number}`);
      }
    });

    test('one that blocks its thread is ended, and those behind it run elsewhere, once', async () => {
      const { b, run, begun, next } = await warmed(language);
      await using _ = b;
      const first = next();
      const runs = [run({ waits: true }), ...Array.from({ length: 6 }, () => run())];
      await until(() => b.runtime.printed(`r${first}`)?.includes(`began ${first};`) === true);
      assert.equal(b.runtime.terminate(`r${first}`, false), true);
      const ended = await Promise.all(runs);
      assert.deepEqual(
        ended.map(({ status }) => status),
        [499, 200, 200, 200, 200, 200, 200],
      );
      for (const { number } of ended) assert.equal(begun(number), 1, `event ${number}`);
      assert.equal(b.runtime.terminate(`r${first}`, false), false);
      assert.equal(b.runtime.printed(`r${first}`), undefined);
    });

    test('at any moment of a flood: what was broken off is 499, all else runs once and is answered', async t => {
      const { b, run, begun, next } = await warmed(language);
      await using _ = b;
      const ids = new SeededIds();
      const draw = (below: number) => ids.bytes(4).readUInt32LE(0) % below;
      const [broken, late] = [new Set<number>(), new Set<number>()];
      for (let round = 0; round < 40; round++) {
        const first = next();
        const runs = Array.from({ length: 12 }, () => run());
        for (let turn = draw(6); turn > 0; turn--) await new Promise(setImmediate);
        for (let spin = draw(20_000); spin > 0; spin--);
        const number = first + draw(12);
        (b.runtime.terminate(`r${number}`, false) ? broken : late).add(number);
        for (const { number, status, errorMessage } of await Promise.all(runs)) {
          assert.equal(status, broken.has(number) ? 499 : 200, `event ${number}: ${errorMessage}`);
          if (status === 200) assert.equal(begun(number), 1);
          else assert.ok(begun(number) <= 1);
        }
      }
      t.diagnostic(`${broken.size} broken off, ${late.size} too late`);
      assert.ok(broken.size > 4);
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  for (const givenUpAt = performance.now() + LONG_MS; !holds(); ) {
    assert.ok(performance.now() < givenUpAt, 'it never came true');
    await new Promise(setImmediate);
  }
}

test('one of several at once ends alone, the others on the same instance', async () => {
  await using b = await bench({ eventConcurrency: true });
  const echoed = { InstanceConcurrencyConfig: { MaxConcurrency: 3 } };
  const code = `
let count = 0;
exports.main_handler = async event => {
  if (event.id === undefined) return;
  console.log('came ' + ++count);
  await new Promise(() => setTimeout(() => {}, 1e8));
};`;
  const version = await b.version({ 'index.js': code }, { echoed, timeoutS: 60 });
  await b.run(version);
  const [one, other] = ['a', 'b'].map(id => b.run(version, { id }, { requestId: id }));
  await until(() => b.runtime.printed('b')?.includes('came 2') === true);
  assert.equal(b.runtime.terminate('a', false), true);
  assert.equal((await one)?.status, 499);
  const [instance] = b.runtime.stats().instances;
  assert.equal(instance?.state, 'draining');
  assert.equal(b.runtime.terminate('b', true), true, 'it is the last: its process is told');
  const ended = await other;
  assert.deepEqual([ended?.status, ended?.instance], [439, instance?.id]);
  assert.match(ended?.log ?? '', /Signal received successfully/);
});

test('one that waits for the download of its runtime is not run', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const languages = makeLanguages();
  let ready: Promise<void> | undefined = promise;
  await using b = await bench({ languages: { ...languages, ready: () => ready } });
  const version = await b.version(NODE);
  const runs = ['a', 'b'].map((requestId, number) => b.run(version, { number }, { requestId }));
  assert.equal(b.runtime.terminate('a', true), true);
  assert.deepEqual([(await runs[0])?.status, b.runtime.stats().waiting], [499, 0]);
  assert.equal(b.runtime.terminate('a', true), false);
  ready = undefined;
  resolve();
  assert.equal((await runs[1])?.body.toString(), '1');
  assert.equal(b.runtime.stats().instances[0]?.runs, 1);
});

describe('an execution that may take a day', () => {
  const day: Partial<FunctionVersion> = { asyncRun: true, timeoutS: 86_400 };

  test('is told so', async () => {
    await using b = await bench();
    const code = `exports.main_handler = async (event, context) =>
      [context.getRemainingTimeInMillis(), context.time_limit_in_ms];`;
    const outcome = await b.run(await b.version({ 'index.js': code }, day));
    const [remaining, limit] = JSON.parse(outcome.body.toString());
    assert.equal(limit, 86_400_000);
    assert.ok(remaining > 86_300_000 && remaining <= 86_400_000, `${remaining}`);
  });

  test('waits behind nobody: each has an instance of its own', async () => {
    await using b = await bench();
    const code = `exports.main_handler = event => new Promise(done => setTimeout(done, event.ms));`;
    const version = await b.version({ 'index.js': code }, day);
    for (let at = 0; at < 30; at++) await b.run(version, { ms: 0 });
    assert.equal(b.runtime.stats().instances.length, 1);
    const runs = Array.from({ length: 3 }, (_, at) => b.run(version, { ms: 1e8 }, { requestId: `r${at}` }));
    await until(() => [0, 1, 2].every(at => b.runtime.printed(`r${at}`) !== undefined));
    assert.equal(b.runtime.stats().instances.length, 3);
    for (const at of [0, 1, 2]) assert.equal(b.runtime.terminate(`r${at}`, false), true);
    assert.deepEqual(new Set((await Promise.all(runs)).map(({ status }) => status)), new Set([499]));
    await until(() => b.runtime.stats().instances.length === 0);
  });
});
