// Events that were sent to an instance before it has time for them, when it does not get on or dies:
// each of them is run, and none is run twice.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Ended, freshMark, LANGUAGES, NAMES, openStage, type RuntimeId, SHORT, skipOf } from './endings.ts';

const stage = await openStage();
after(() => stage.close());

/** As many calls at once as one instance is sent, and some. */
const AT_ONCE = 24;
const WARM_UP = 40;

/** Prints the number of each event that it begins, so that the logs of all calls tell how often each was run. */
const SOURCES: Readonly<Record<RuntimeId, string>> = {
  'Nodejs18.15': `
exports.main_handler = event => {
  process.stdout.write('began ' + event.number + ';\\n');
  if (event.how === 'named') ${NAMES['Nodejs18.15']('event.name')}
  if (event.how === 'dies') process.kill(process.pid, 'SIGKILL');
  if (event.how === 'exits') process.exit(3);
  if (event.how === 'blocks') for (;;);
  if (event.how === 'waits') return new Promise(done => setTimeout(done, 1e6));
  if (event.how === 'throws') return new Promise((_, failed) => setImmediate(() => { throw new Error('loose'); }));
  return event.number;
};
for (const method of ['main_handler']) {
  const handler = exports[method];
  // The shortest way: no promise unless there is need for one.
  exports[method] = (event, context, callback) => {
    const value = handler(event);
    if (value && value.then) return value;
    context.callbackWaitsForEmptyEventLoop = false;
    callback(null, value);
  };
}`,
  'Python3.9': `
import os, signal, sys, time
def main_handler(event, context):
    sys.stdout.write('began %d;\\n' % event['number'])
    sys.stdout.flush()
    how = event.get('how')
    if how == 'named': ${NAMES['Python3.9']("event['name']")}
    if how == 'dies': os.kill(os.getpid(), signal.SIGKILL)
    if how == 'exits': os._exit(3)
    if how == 'blocks':
        while True: pass
    if how == 'waits': time.sleep(1e6)
    return event['number']
`,
};

interface Round {
  readonly name: string;
  number: number;
  /** Of all calls. */
  readonly logs: string[];
  /** How often each event was begun. */
  begun(number: number): number;
  call(more?: object): Promise<Ended & { readonly number: number }>;
}

/** A function that is known to be short and to keep its thread, so that events are sent ahead. */
async function warmed(runtime: RuntimeId): Promise<Round> {
  const name = await stage.make(runtime, SOURCES[runtime], SHORT);
  const logs: string[] = [];
  const round: Round = {
    name,
    number: 0,
    logs,
    begun: number => logs.join('').split(`began ${number};`).length - 1,
    async call(more = {}) {
      const number = round.number++;
      const ended = await stage.call(name, { number, ...more });
      logs.push(ended.log);
      return { ...ended, number };
    },
  };
  for (let at = 0; at < WARM_UP; at++) assert.equal((await round.call()).status, 200);
  return round;
}

const ENDINGS: readonly (readonly [how: string, status: number, only?: RuntimeId])[] = [
  ['dies', 439],
  ['exits', 439],
  ['blocks', 433],
  ['waits', 433],
  ['throws', 439, 'Nodejs18.15'],
];

// One after the other: they let time pass for all.
describe('events behind one that does not return', () => {
  for (const runtime of LANGUAGES) {
    for (const [how, status, only = runtime] of ENDINGS) {
      test(`${runtime}: it ${how}: ${status}, and each of the others is run once`, {
        skip: skipOf(runtime) || (only !== runtime && `that is an end of its process in ${only} alone`),
      }, async () => {
        const round = await warmed(runtime);
        const before = Array.from({ length: 4 }, () => round.call());
        const stuck = round.call({ how });
        const behind = Array.from({ length: AT_ONCE }, () => round.call());
        // None of them waits for that one's time to be over.
        const ended = await Promise.all([...before, ...behind]);
        if (status === 433) await stage.server.passForFunctions(SHORT.Timeout * 1000);
        assert.equal((await stuck).status, status);
        for (const { number, status: own, value, message } of ended) {
          assert.deepEqual([own, value], [200, number], message);
          assert.equal(round.begun(number), 1, `event ${number} was begun ${round.begun(number)} times`);
        }
        assert.equal(round.begun((await stuck).number), 1);
        assert.equal((await round.call()).status, 200);
      });
    }
  }
});

for (const runtime of LANGUAGES) {
  test(`${runtime}: killed from outside with events ahead: what had not begun is run elsewhere, once`, {
    skip: skipOf(runtime) || (process.platform === 'linux' ? false : 'no /proc'),
  }, async t => {
    let elsewhere = 0;
    for (let at = 0; at < 5; at++) {
      const round = await warmed(runtime);
      const name = freshMark();
      await round.call({ how: 'named', name });
      const pids = stage.named(name);
      assert.equal(pids.length, 1);
      // It has not begun anything, and cannot.
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      const calls = Array.from({ length: AT_ONCE }, () => round.call());
      await new Promise(done => setTimeout(done, 2 * at));
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      for (const { number, status, value, message } of await Promise.all(calls)) {
        if (status === 439) assert.ok(round.begun(number) <= 1);
        else {
          assert.deepEqual([status, value], [200, number], message);
          assert.equal(round.begun(number), 1, `event ${number} was begun ${round.begun(number)} times`);
          elsewhere++;
        }
      }
      assert.equal((await round.call()).status, 200);
    }
    t.diagnostic(`${elsewhere} of ${5 * AT_ONCE} events were run elsewhere`);
    assert.ok(elsewhere > 5 * (AT_ONCE - 2), 'only the first of each instance may have begun');
  });
}
