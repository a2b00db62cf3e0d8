import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudError, PLATFORM_ERRORS } from '../core/errors.ts';
import type { FunctionEvent } from '../core/event.ts';
import { anEntry, anEvent, anOutcome, aVersion } from '../core/fixture.ts';
import { keyText } from '../core/function.ts';
import { SeededIds } from '../core/ids.ts';
import type { Outcome } from '../core/invocation.ts';
import type { DeadLetter, QueuedEvent } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import type { KeptBytes } from '../observe/history.ts';
import { memoryEvents } from '../queue/memory.ts';
import type { EventDeps } from './event-verbs.ts';
import { eventsIn } from './events.ts';
import { KEY, rejects } from './fixture.ts';

const NOW = Date.UTC(2030, 0, 1);
const OTHER = { ...KEY, name: 'other' };
const GONE = { ...KEY, name: 'gone' };

function row(change: Partial<InvocationRow> = {}): InvocationRow {
  return {
    ...KEY,
    requestId: 'r',
    retryNum: 0,
    version: '$LATEST',
    qualifier: '$DEFAULT',
    source: 'timer',
    acceptedAt: NOW - 1000,
    startedAt: NOW - 900,
    status: 430,
    verdict: 'retried',
    durationMs: 5,
    initMs: 0,
    waitMs: 1,
    memoryBytes: 1e6,
    memoryMB: 128,
    retMsg: '{"errorCode":-1}',
    errMsg: 'Error: no',
    log: 'printed\n',
    instance: 'i-1',
    queuedMs: 2,
    nextAt: NOW + 60_000,
    why: '',
    ...change,
  };
}

function item(change: Partial<QueuedEvent> = {}, event: Partial<FunctionEvent> = {}): QueuedEvent {
  const source = 'timer';
  return {
    event: anEvent({ requestId: 'r', target: KEY, source, ...event }),
    acceptedAt: NOW - 1000,
    dueAt: NOW,
    retryNum: 0,
    runErrors: 0,
    ...change,
  };
}

function letter(requestId: string, change: Partial<DeadLetter> = {}, event: Partial<FunctionEvent> = {}): DeadLetter {
  return {
    item: item({ retryNum: 2 }, { requestId, ...event }),
    to: { type: 'CMQ-QUEUE', name: 'dead' },
    why: 'retries used up',
    status: 430,
    errorMessage: 'Error: no',
    diedAt: NOW,
    message: Buffer.from('{}'),
    ...change,
  };
}

function scene() {
  const { queue, letters } = memoryEvents(new SeededIds());
  const rows: InvocationRow[] = [];
  const payloads = new Map<string, KeptBytes>();
  const sent: [way: string, event: FunctionEvent][] = [];
  const entries = new Map([KEY, OTHER].map(key => [keyText(key), anEntry({ key, versions: [aVersion(key)] })]));
  const world = { wakes: 0, outcome: anOutcome() as Outcome, printed: new Map<string, string>() };
  const deps: EventDeps = {
    records: {
      list: async ({ requestId }) => rows.filter(one => one.requestId === requestId),
      recent: async ({ limit }) => rows.slice(0, limit),
      payload: async requestId => payloads.get(requestId),
    },
    queue,
    letters,
    submit: {
      async sync(event) {
        sent.push(['sync', event]);
        return world.outcome;
      },
      async async(event) {
        sent.push(['async', event]);
      },
    },
    wake: () => void world.wakes++,
    control: {
      catalog: {
        find: key => entries.get(keyText(key)),
        *all() {
          for (const entry of entries.values()) yield { entry } as never;
        },
      },
      functions: {
        async get(key, qualifier) {
          const version = entries
            .get(keyText(key))
            ?.versions.get(qualifier === '$DEFAULT' ? '$LATEST' : (qualifier ?? ''));
          if (!version) throw new CloudError('ResourceNotFound.X', PLATFORM_ERRORS.InvalidAction, { action: key.name });
          return { version } as never;
        },
      },
    },
    clock: { now: () => NOW },
    ids: { risingUuid: () => 'new-id' },
    printed: requestId => world.printed.get(requestId),
  };
  return { verbs: eventsIn(deps), queue, letters, rows, payloads, sent, entries, world };
}

test('the whole life of an event that died', async () => {
  const { verbs, rows, letters, payloads } = scene();
  rows.push(
    row({ initMs: 40 }),
    row({ retryNum: 1, startedAt: NOW + 60_000 }),
    row({ retryNum: 2, startedAt: NOW + 120_000, verdict: 'dead', why: 'retries used up', nextAt: 0 }),
  );
  await letters.keep(letter('r'));
  payloads.set('r', { event: Buffer.from('{"a":1}'), routingKey: '', replies: new Map([[2, Buffer.from('xyz')]]) });
  const life = await verbs.show('r');
  assert.deepEqual(life.place, {
    at: 'letters',
    to: { type: 'CMQ-QUEUE', name: 'dead' },
    why: 'retries used up',
    diedAt: NOW,
  });
  assert.deepEqual(life.kept, { eventBytes: 7, replyBytes: { 2: 3 } });
  assert.deepEqual(
    life.attempts.map(one => [one.retryNum, one.verdict, one.initMs, one.why]),
    [
      [0, 'retried', 40, ''],
      [1, 'retried', 0, ''],
      [2, 'dead', 0, 'retries used up'],
    ],
  );
  const { state, tried, mode, acceptedAt, nextAt, status } = life.event;
  assert.deepEqual([state, tried, mode, acceptedAt, nextAt, status], ['dead', 3, 'async', NOW - 1000, 0, 430]);
});

test('what waits is due when the queue says so; what was accepted has had no attempt', async () => {
  const { verbs, rows, queue } = scene();
  await queue.push(item({ dueAt: NOW + 7 }), 10);
  rows.push(row({ verdict: 'accepted', status: 202, nextAt: 0 }));
  const life = await verbs.show('r');
  assert.deepEqual(life.place, { at: 'queue', dueAt: NOW + 7 });
  assert.deepEqual(life.attempts, []);
  assert.deepEqual(
    [life.event.state, life.event.tried, life.event.nextAt, life.event.status],
    ['waiting', 0, NOW + 7, 0],
  );
  // Its bytes are in the queue, whatever the records have kept.
  assert.equal(life.kept.eventBytes, anEvent().body.length);
});

test('what runs shows since when, and what it has printed so far', async () => {
  const { verbs, rows, queue, world } = scene();
  await queue.push(item(), 10);
  await queue.lease(1, NOW, NOW + 1000);
  rows.push(row(), row({ retryNum: 1, verdict: 'running', status: 202, startedAt: NOW, log: '' }));
  assert.equal((await verbs.show('r')).attempts[1]?.log, '');
  world.printed.set('r', 'so far\n');
  const life = await verbs.show('r');
  assert.deepEqual(life.place, { at: 'instance', since: NOW });
  assert.deepEqual([life.event.state, life.event.status], ['running', 0]);
  assert.deepEqual(
    life.attempts.map(one => one.log),
    ['printed\n', 'so far\n'],
  );
  rows.pop();
  assert.deepEqual((await verbs.show('r')).place, { at: 'instance' });
});

test('an attempt that was cut by the end of the server waits again', async () => {
  const { verbs, rows, queue } = scene();
  await queue.push(item({ retryNum: 1 }), 10);
  rows.push(row(), row({ retryNum: 1, verdict: 'running', status: 202 }));
  const life = await verbs.show('r');
  assert.equal(life.event.state, 'waiting');
  assert.equal(life.place.at, 'queue');
});

test('a letter that was redriven waits, and is no letter any more', async () => {
  const { verbs, rows, queue, letters } = scene();
  rows.push(row({ retryNum: 2, verdict: 'dead', why: 'retries used up' }));
  await letters.keep(letter('r'));
  await letters.redrive({}, NOW + 5);
  const life = await verbs.show('r');
  assert.deepEqual([life.event.state, life.event.tried, life.place], ['waiting', 3, { at: 'queue', dueAt: NOW + 5 }]);
  const { events } = await verbs.list({ limit: 10 });
  assert.deepEqual(
    events.map(one => one.state),
    ['waiting'],
  );
  assert.deepEqual((await verbs.list({ limit: 10, state: 'dead' })).events, []);
  // What the record says of an attempt counts as soon as that attempt is the queue's.
  const [lease] = await queue.lease(1, NOW + 5, NOW + 100);
  rows.push(row({ retryNum: 3, verdict: 'acked', status: 200 }));
  assert.equal((await verbs.show('r')).event.state, 'ok');
  assert.ok(lease);
});

test('an end that was recorded and then lost with the server is none', async () => {
  const { verbs, rows, queue } = scene();
  await queue.push(item({ retryNum: 2 }), 10);
  rows.push(row({ retryNum: 2, verdict: 'dead', why: 'retries used up' }));
  assert.equal((await verbs.show('r')).event.state, 'waiting');
  await queue.lease(1, NOW, NOW + 1000);
  assert.equal((await verbs.show('r')).event.state, 'dead', 'about to leave the queue');
});

test('without a record of its end an event that is nowhere is over, and that is all that is known', async () => {
  const { verbs, rows, letters } = scene();
  rows.push(row({ verdict: 'running', status: 202 }));
  const life = await verbs.show('r');
  assert.deepEqual([life.event.state, life.place], ['unknown', { at: 'end' }]);
  await letters.keep(letter('r'));
  assert.deepEqual((await verbs.show('r')).event.state, 'dead');
});

test('queue and letters know an event whose records are gone', async () => {
  const { verbs, queue, letters } = scene();
  await queue.push(item({ retryNum: 3 }, { requestId: 'q' }), 10);
  await letters.keep(letter('l'));
  const waits = await verbs.show('q');
  assert.deepEqual([waits.event.state, waits.event.tried, waits.event.source], ['waiting', 3, 'timer']);
  const dead = await verbs.show('l');
  assert.deepEqual([dead.event.state, dead.event.tried, dead.event.status], ['dead', 3, 430]);
  assert.equal(dead.event.why, 'retries used up');
  assert.deepEqual((await verbs.payload('l')).event, anEvent().body);
  const refused = await rejects(verbs.show('nobody'), 'ResourceNotFound.Event');
  assert.match(refused.text('en'), /nobody.*openscf events ls.*records\.days/);
  await rejects(verbs.payload('nobody'), 'ResourceNotFound.Event');
});

test('each record has a state', async () => {
  const { verbs, rows } = scene();
  const cases: [Partial<InvocationRow>, string, string][] = [
    [{ verdict: 'answered', status: 200 }, 'ok', 'sync'],
    [{ verdict: 'answered', status: 430 }, 'failed', 'sync'],
    [{ verdict: 'acked', status: 200 }, 'ok', 'async'],
    [{ verdict: 'dropped' }, 'dropped', 'async'],
    [{ verdict: 'aborted', status: 499 }, 'aborted', 'async'],
    [{ verdict: 'dead' }, 'dead', 'async'],
    [{ verdict: 'retried' }, 'unknown', 'async'],
  ];
  rows.push(...cases.map(([change], at) => row({ requestId: `r${at}`, ...change })));
  const { events, before } = await verbs.list({ limit: 10 });
  assert.deepEqual(
    events.map(one => [one.state, one.mode]),
    cases.map(([, state, mode]) => [state, mode]),
  );
  assert.equal(before, undefined, 'there is no more');
  assert.equal((await verbs.list({ limit: 2 })).before, NOW - 900);
});

test('an asynchronous event is replayed with its exact bytes, and has a new id', async () => {
  const { verbs, rows, payloads, sent } = scene();
  rows.push(row({ verdict: 'dropped', qualifier: '$LATEST' }));
  const bytes = Buffer.from('{ "exact" : 1.50 }');
  payloads.set('r', { event: bytes, routingKey: '{"k":"v"}', replies: new Map() });
  const replayed = await verbs.replay('r', {});
  assert.deepEqual(replayed, { requestId: 'new-id', target: KEY, qualifier: '$LATEST' });
  assert.deepEqual(sent, [
    [
      'async',
      { requestId: 'new-id', target: KEY, qualifier: '$LATEST', source: 'timer', body: bytes, routingKey: '{"k":"v"}' },
    ],
  ]);
});

test('a synchronous call is replayed synchronously, and its outcome is the answer', async () => {
  const { verbs, rows, payloads, sent, world } = scene();
  rows.push(row({ verdict: 'answered', status: 430 }));
  payloads.set('r', { event: Buffer.from('1'), routingKey: '', replies: new Map() });
  world.outcome = anOutcome(433);
  assert.equal((await verbs.replay('r', {})).outcome, world.outcome);
  assert.equal(sent[0]?.[0], 'sync');
  assert.ok(!('routingKey' in (sent[0]?.[1] ?? {})));
  // A function of asynchronous execution only says that it has taken it.
  world.outcome = { ...anOutcome(), accepted: true };
  assert.equal((await verbs.replay('r', {})).outcome, undefined);
});

test('replay takes other bytes, another function, another version', async () => {
  const { verbs, rows, sent, entries } = scene();
  rows.push(row({ verdict: 'dead', why: 'not retried' }));
  const body = Buffer.from('{"edited":true}');
  await verbs.replay('r', { body, to: { name: 'other' } });
  assert.deepEqual([sent[0]?.[1].body, sent[0]?.[1].target, sent[0]?.[1].qualifier], [body, OTHER, '$LATEST']);
  await verbs.replay('r', { body });
  assert.deepEqual([sent[1]?.[1].target, sent[1]?.[1].qualifier], [KEY, '$DEFAULT']);
  await rejects(verbs.replay('r', { body, qualifier: '7' }), 'ResourceNotFound.X');
  await rejects(verbs.replay('r', { body, to: { name: 'gone' } }), 'ResourceNotFound.X');
  entries.set(keyText(OTHER), anEntry({ key: OTHER, versions: [aVersion({ ...OTHER, status: 'CreateFailed' })] }));
  await rejects(verbs.replay('r', { body, to: { name: 'other' } }), 'FailedOperation.FunctionStatusError');
  assert.equal(sent.length, 2);
});

test('bytes come from the queue or a letter when the records have none; else replay says what keeps them', async () => {
  const { verbs, rows, queue, letters, sent } = scene();
  await letters.keep(letter('l', {}, { body: Buffer.from('"l"'), routingKey: '{}' }));
  await queue.push(item({}, { requestId: 'q', body: Buffer.from('"q"') }), 10);
  await verbs.replay('l', {});
  await verbs.replay('q', {});
  assert.deepEqual(
    sent.map(([way, { body, routingKey }]) => [way, body.toString(), routingKey]),
    [
      ['async', '"l"', '{}'],
      ['async', '"q"', undefined],
    ],
  );
  rows.push(row({ verdict: 'acked', status: 200 }));
  const error = await rejects(verbs.replay('r', {}), 'ResourceNotFound.EventBytes');
  for (const language of ['zh', 'en'] as const)
    assert.match(error.text(language), /--edit.*records\.bytesMB.*records\.days/s);
});

test('what is no JSON in UTF-8 is not sent', async () => {
  const { verbs, rows, sent } = scene();
  rows.push(row({ verdict: 'acked' }));
  for (const body of [Buffer.from('{a:1}'), Buffer.from(''), Buffer.from([0x22, 0xff, 0x22])])
    await rejects(verbs.replay('r', { body }), 'InvalidParameterValue.Event');
  assert.deepEqual(sent, []);
});

const TOPIC = { type: 'CMQ-TOPIC', name: 'dead' } as const;
const ELSE = { type: 'CMQ-QUEUE', name: 'else' } as const;

async function withLetters() {
  const made = scene();
  await made.letters.keep(letter('a', { diedAt: 3 }));
  await made.letters.keep(letter('b', { diedAt: 1, to: TOPIC }));
  await made.letters.keep(letter('c', { diedAt: 2 }, { target: OTHER }));
  await made.letters.keep(letter('d', { diedAt: 4, to: ELSE }, { target: GONE }));
  const ids = async (query = {}, offset = 0, limit = 10) => {
    const { rows, total } = await made.verbs.letters.list(query, { offset, limit });
    return `${rows.map(one => one.item.event.requestId).join('')} of ${total}`;
  };
  return { ...made, ids };
}

test('letters are listed by topic or queue, type and function, oldest first', async () => {
  const { ids } = await withLetters();
  assert.equal(await ids(), 'bcad of 4');
  assert.equal(await ids({ name: 'dead' }), 'bca of 3');
  assert.equal(await ids({ name: 'dead' }, 1, 1), 'c of 3');
  assert.equal(await ids({ name: 'dead' }, 3, 5), ' of 3');
  assert.equal(await ids({ name: 'dead', type: 'CMQ-TOPIC' }), 'b of 1');
  assert.equal(await ids({ target: OTHER }), 'c of 1');
  assert.equal(await ids({ name: 'dead', target: KEY }), 'ba of 2');
  assert.equal(await ids({ name: 'nowhere' }), ' of 0');
  assert.equal(await ids({}, 1, 2), 'ca of 4');
});

test('one letter is shown, redriven, purged; and none is an error', async () => {
  const { verbs, queue, world, ids } = await withLetters();
  assert.equal((await verbs.letters.show('a')).item.event.requestId, 'a');
  assert.deepEqual(await verbs.letters.redrive('a'), { redriven: 1, left: 0 });
  assert.equal(world.wakes, 1);
  assert.equal((await queue.find('a'))?.item.dueAt, NOW);
  assert.deepEqual(await verbs.letters.purge('b'), { purged: 1 });
  assert.equal(await ids(), 'cd of 2');
  for (const verb of ['show', 'redrive', 'purge'] as const) {
    const error = await rejects(verbs.letters[verb]('a'), 'ResourceNotFound.DeadLetter');
    assert.match(error.text('zh'), /a 的死信/);
  }
  assert.equal(world.wakes, 1);
});

test('what has no function any more is not redriven: it would be lost', async () => {
  const { verbs, ids, world } = await withLetters();
  await rejects(verbs.letters.redrive('d'), 'ResourceNotFound.Function');
  await rejects(verbs.letters.redrive({ target: GONE }), 'ResourceNotFound.Function');
  assert.equal(world.wakes, 0);
  assert.deepEqual(await verbs.letters.redrive({}), { redriven: 3, left: 1 });
  assert.equal(await ids(), 'd of 1');
  assert.equal(world.wakes, 1);
  assert.deepEqual(await verbs.letters.redrive({}), { redriven: 0, left: 1 });
  assert.equal(world.wakes, 1);
  assert.deepEqual(await verbs.letters.purge({ target: GONE }), { purged: 1 });
});

test('redrive and purge heed the name and the function', async () => {
  const { verbs, ids } = await withLetters();
  assert.deepEqual(await verbs.letters.redrive({ name: 'dead', target: KEY }), { redriven: 2, left: 0 });
  assert.equal(await ids(), 'cd of 2');
  assert.deepEqual(await verbs.letters.purge({ name: 'else' }), { purged: 1 });
  assert.deepEqual(await verbs.letters.purge({ name: 'else' }), { purged: 0 });
  assert.equal(await ids(), 'c of 1');
});
