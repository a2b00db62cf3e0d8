// The life of events on the command line: retried, given up, sent again; as it is kept, to the byte.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import type { EventLife, Events, EventView, Letters } from '../src/cli/wire.ts';
import { SystemClock } from '../src/core/clock.ts';
import { deploy, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const MINUTE_MS = 60_000;

await server.post('/clock', { action: 'to', instantMs: Date.UTC(2040, 0, 1) });
const advance = (ms: number) => server.post('/clock', { action: 'advance', ms });
const cli = (...args: string[]) => runIn(server.dataDir, ['--data', server.dataDir, ...args]);

async function out(...args: string[]): Promise<string> {
  const run = await cli(...args);
  assert.equal(run.status, 0, run.note);
  return run.out;
}

const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await out(...args, '--json')) as T;
const life = (requestId: string) => json<EventLife>('events', 'show', requestId);

async function send(FunctionName: string, ClientContext: string): Promise<string> {
  const { Result } = await sdk.Invoke({ FunctionName, InvocationType: 'Event', ClientContext });
  const requestId = Result?.FunctionRequestId;
  assert.ok(requestId);
  return requestId;
}

/** Looked at while the clock stands still: what is due runs by itself. */
const settled = (requestId: string, state: EventView['state']) =>
  until(`${requestId} is ${state}`, async () => {
    const now = await life(requestId);
    return now.event.state === state && now;
  });

/** Fails as often as the event asks for, and tells each attempt. */
const FLAKY = `const tries = new Map();
exports.main_handler = async (event, context) => {
  const done = tries.get(context.request_id) ?? 0;
  tries.set(context.request_id, done + 1);
  console.log('attempt ' + done + ' of ' + event.name);
  if (done < event.failures) throw new Error('as asked');
  return { done, event };
}`;
const ECHO = 'exports.main_handler = async event => ({ echo: event })';

await deploy(sdk, 'flaky', FLAKY);
await deploy(sdk, 'doomed', FLAKY, { DeadLetterConfig: { Type: 'CMQ-QUEUE', Name: 'given-up', FilterType: '' } });
await deploy(sdk, 'echo', ECHO);

test('a retried event: each attempt with its number, its instance, its log, and what came after', async () => {
  const requestId = await send('flaky', '{ "failures": 2, "name": "Ada" }');
  const first = await settled(requestId, 'waiting');
  assert.equal(first.event.tried, 1);
  assert.deepEqual(first.place, { at: 'queue', dueAt: first.nowMs + MINUTE_MS });
  await advance(MINUTE_MS);
  assert.match(await out('events', 'show', requestId), /^state +waiting, next attempt in 1m 00s$/m);
  await advance(MINUTE_MS);
  const { event, attempts, place, kept } = await life(requestId);
  assert.deepEqual([event.state, event.tried, place], ['ok', 3, { at: 'end' }]);
  assert.deepEqual(
    attempts.map(one => [one.retryNum, one.status, one.verdict, one.version, one.initMs > 0]),
    [
      [0, 430, 'retried', '$LATEST', true],
      [1, 430, 'retried', '$LATEST', false],
      [2, 200, 'acked', '$LATEST', false],
    ],
  );
  assert.equal(new Set(attempts.map(one => one.instance)).size, 1);
  assert.deepEqual(
    attempts.map(one => /attempt \d of Ada/.exec(one.log)?.[0]),
    ['attempt 0 of Ada', 'attempt 1 of Ada', 'attempt 2 of Ada'],
  );
  assert.equal(attempts[1]?.startedAt, (attempts[0]?.startedAt ?? 0) + MINUTE_MS);
  assert.equal(kept.eventBytes, 32);
  assert.deepEqual(Object.keys(kept.replyBytes), ['0', '1', '2']);
  assert.equal(await out('events', 'show', requestId, '--payload'), '{ "failures": 2, "name": "Ada" }');
  const reply = JSON.parse(await out('events', 'show', requestId, '--reply'));
  assert.deepEqual(reply, { done: 2, event: { failures: 2, name: 'Ada' } });
});

test('an event that is given up: its whole life in one place, kept, sent again, thrown away', async () => {
  const requestId = await send('doomed', '{"failures":99,"name":"Bob"}');
  await advance(3 * MINUTE_MS);
  const shown = await out('events', 'show', requestId);
  assert.match(shown, /^state +dead: retries used up$/m);
  assert.match(shown, /^now +kept as a dead letter under CMQ-QUEUE given-up; .*openscf deadletters redrive/m);
  assert.match(
    shown,
    /^0 .* cold .* again after 1m 00s\n1 .* warm .* again after 1m 00s\n2 .*dead letter: retries used up$/m,
  );
  assert.match(shown, /^log of attempt 2\n {2}.*\tattempt 2 of Bob\n {2}Error: as asked\n/m);

  const { total, letters } = await json<Letters>('deadletters', 'ls', 'doomed', '--name', 'given-up');
  assert.deepEqual([total, letters[0]?.requestId, letters[0]?.tried], [1, requestId, 3]);
  const message = await out('deadletters', 'show', requestId);
  assert.match(message, /"ClientContext": "\{\\"failures\\":99,\\"name\\":\\"Bob\\"\}"/);

  assert.equal(await out('deadletters', 'redrive', requestId), 'Redriven 1\n');
  await settled(requestId, 'waiting');
  await advance(3 * MINUTE_MS);
  const again = await life(requestId);
  assert.deepEqual([again.event.state, again.event.tried], ['dead', 6]);
  assert.equal(await out('deadletters', 'redrive', '--all', '--name', 'given-up'), 'Redriven 1\n');
  await advance(3 * MINUTE_MS);
  assert.equal((await life(requestId)).event.tried, 9);
  assert.equal(await out('deadletters', 'purge', '--all', '--function', 'doomed'), 'Purged 1\n');
  assert.match(await out('events', 'show', requestId), /^now +over; its dead letter was purged$/m);
  const none = await cli('deadletters', 'redrive', requestId);
  assert.deepEqual([none.status, none.out], [1, '']);
  assert.match(none.note, /ResourceNotFound\.DeadLetter: There is no dead letter of the request/);
});

test('events are found by function, state and source', async () => {
  const ids = async (...flags: string[]) =>
    (await json<Events>('events', 'ls', ...flags)).events.map(one => `${one.name} ${one.state}`);
  await sdk.Invoke({ FunctionName: 'flaky', ClientContext: '{"failures":1}' });
  assert.deepEqual(await ids('flaky', '--state', 'failed'), ['flaky failed']);
  assert.deepEqual(await ids('flaky', '--state', 'ok'), ['flaky ok']);
  assert.deepEqual(await ids('--state', 'dead'), ['doomed dead']);
  assert.deepEqual(await ids('flaky', '--source', 'timer'), []);
  assert.deepEqual(await ids('-n', '1'), ['flaky failed']);
  const wrong = await cli('events', 'ls', '--state', 'lost');
  assert.equal(wrong.status, 1);
  assert.match(wrong.note, /state is wrong; it can be waiting, running, ok/);
});

test('a synchronous call is replayed as it was, edited, or elsewhere', async () => {
  const { Result } = await sdk.Invoke({ FunctionName: 'echo', ClientContext: '{"a": 1.50}' });
  const requestId = Result?.FunctionRequestId ?? '';
  assert.equal(await out('replay', requestId), '{"echo":{"a":1.5}}\n');
  await writeFile(join(server.dataDir, 'edited.json'), '{"failures":0,"name":"Eve"}');
  assert.equal(await out('replay', requestId, '--edit', 'edited.json'), '{"echo":{"failures":0,"name":"Eve"}}\n');
  const other = await out('replay', requestId, '--edit', 'edited.json', '--to', 'flaky');
  assert.deepEqual(JSON.parse(other), { done: 0, event: { failures: 0, name: 'Eve' } });
  const failing = await send('flaky', '{"failures":0}');
  await settled(failing, 'ok');
  const nobody = await cli('replay', requestId, '--to', 'nobody');
  assert.match(nobody.note, /ResourceNotFound\.Function.*nobody/);
  assert.match((await cli('replay', 'no-such-id')).note, /ResourceNotFound\.Event: Nothing is known/);
});

test('an asynchronous event is replayed under a new id, which has a life of its own', async () => {
  const requestId = await send('doomed', '{"failures":0,"name":"Kay"}');
  await settled(requestId, 'ok');
  const sent = (await out('replay', requestId, '--to', 'echo')).trim();
  assert.notEqual(sent, requestId);
  const { event } = await settled(sent, 'ok');
  assert.deepEqual([event.name, event.mode, event.qualifier], ['echo', 'async', '$LATEST']);
  assert.equal(await out('events', 'show', sent, '--payload'), '{"failures":0,"name":"Kay"}');
  assert.equal(await out('events', 'show', sent, '--reply'), '{"echo":{"failures":0,"name":"Kay"}}');
});

/** Its waits are one turn of the event loop. */
class HurriedClock extends SystemClock {
  override async sleep(): Promise<void> {
    await new Promise(setImmediate);
  }
}

test('tail shows what comes as it comes, and nothing from before', async () => {
  const stop = new AbortController();
  let text = '';
  const following = runIn(server.dataDir, ['--data', server.dataDir, 'events', 'tail', 'doomed', '-n', '1'], {
    clock: new HurriedClock(),
    signal: stop.signal,
    onOut: more => {
      text += more;
    },
  });
  await until('the last one is shown', async () => text.includes('\n'));
  const requestId = await send('doomed', '{"failures":1,"name":"Zoe"}');
  await until('it waits for its next attempt', async () =>
    text.includes(`${requestId}  doomed  invoke  waiting, next`),
  );
  await advance(MINUTE_MS);
  await until('it has ended', async () => text.includes(`${requestId}  doomed  invoke  ×2  ok`));
  stop.abort();
  assert.equal((await following).status, 0);
  const others = text.split('\n').filter(line => line !== '' && !line.includes(requestId));
  assert.equal(others.length, 1, text);
});
