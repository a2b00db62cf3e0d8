import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventList, EventVerbs, EventView, LetterQuery, Replay, Replayed } from '../../control/event-verbs.ts';
import type { CloudError } from '../../core/errors.ts';
import { anEvent, anOutcome, KEY } from '../../core/fixture.ts';
import type { DeadLetter } from '../../core/ports.ts';
import type { KeptBytes } from '../../observe/history.ts';
import { eventRoutes } from './events.ts';
import { letterRoutes } from './letters.ts';
import { findRoute, type OpenscfRoute } from './routes.ts';

const clock = { now: () => 77 };
const region = 'ap-guangzhou';

async function ask(routes: readonly OpenscfRoute[], method: string, url: string, body?: unknown): Promise<unknown> {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const found = findRoute(routes, method, pathname);
  assert.ok(found && found !== 'method', `${method} ${pathname} has a route`);
  return found.route.handle({ params: found.params, query: searchParams, body, language: 'en', secretId: undefined });
}

async function refused(answer: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  await assert.rejects(answer, (error: CloudError) => {
    assert.equal(error.code, code);
    assert.match(error.text('en'), text);
    assert.ok(error.text('zh').length > 0);
    return true;
  });
}

const VIEW = { ...KEY, requestId: 'r', state: 'ok' } as EventView;

function eventScene(given: { list?: EventList; kept?: KeptBytes; replayed?: Replayed } = {}) {
  const asked: unknown[] = [];
  const events: EventVerbs = {
    async list(query) {
      asked.push(query);
      return given.list ?? { events: [VIEW], before: 5 };
    },
    async show(requestId) {
      asked.push(requestId);
      return { event: VIEW, attempts: [], place: { at: 'end' }, kept: { replyBytes: {} } };
    },
    async payload(requestId) {
      asked.push(requestId);
      return given.kept ?? { routingKey: '', replies: new Map() };
    },
    async replay(requestId: string, change: Replay) {
      asked.push([requestId, change]);
      return given.replayed ?? { requestId: 'new', target: KEY, qualifier: '$LATEST' };
    },
    letters: { list: never, show: never, redrive: never, purge: never },
  };
  const routes = eventRoutes({ events, clock, region });
  return { asked, ask: (method: string, url: string, body?: unknown) => ask(routes, method, url, body) };
}

const never = () => Promise.reject(new Error('not asked for here'));

test('events are listed as asked, with the time of the server', async () => {
  const { asked, ask } = eventScene();
  assert.deepEqual(await ask('GET', '/events'), { nowMs: 77, events: [VIEW], before: 5 });
  await ask('GET', '/events?function=f&namespace=n&region=ap-beijing&source=timer&state=dead&limit=3&from=9&before=99');
  await ask('GET', '/events?function=f');
  assert.deepEqual(asked, [
    { limit: 20 },
    {
      limit: 3,
      target: { region: 'ap-beijing', namespace: 'n', name: 'f' },
      source: 'timer',
      state: 'dead',
      from: 9,
      before: 99,
    },
    { limit: 20, target: { region, namespace: 'default', name: 'f' } },
  ]);
});

test('a wrong query is refused by the name of what is wrong', async () => {
  const { asked, ask } = eventScene();
  await refused(ask('GET', '/events?limit=0'), 'InvalidParameterValue', /limit.*at least 1/);
  await refused(ask('GET', '/events?limit=101'), 'InvalidParameterValue', /limit.*at most 100/);
  await refused(ask('GET', '/events?limit=ten'), 'InvalidParameterValue', /format of limit/);
  await refused(ask('GET', '/events?before=-1'), 'InvalidParameterValue', /before/);
  await refused(ask('GET', '/events?from=x'), 'InvalidParameterValue', /from/);
  await refused(ask('GET', '/events?state=gone'), 'InvalidParameterValue', /state.*waiting, running/);
  await refused(ask('GET', '/events?state=unknown'), 'InvalidParameterValue', /state/);
  await refused(ask('GET', '/events?namespace=n'), 'MissingParameter', /function/);
  await refused(ask('GET', '/events?source='), 'InvalidParameterValue', /source/);
  await refused(ask('GET', '/events?offset=1'), 'InvalidParameter', /no parameter offset/);
  assert.deepEqual(asked, []);
});

test('an event is shown under its id, decoded', async () => {
  const { asked, ask } = eventScene();
  const life = await ask('GET', '/events/a%2Fb');
  assert.deepEqual(life, { nowMs: 77, event: VIEW, attempts: [], place: { at: 'end' }, kept: { replyBytes: {} } });
  assert.deepEqual(asked, ['a/b']);
});

test('bytes are text where they are text, and say so', async () => {
  const text = Buffer.from('\ufeff{"名":1}');
  const bytes = Buffer.from([0xff, 0xfe]);
  const replies = new Map([
    [0, bytes],
    [2, Buffer.from('')],
  ]);
  const { ask } = eventScene({ kept: { event: text, routingKey: '{"a":"b"}', replies } });
  assert.deepEqual(await ask('GET', '/events/r/payload'), {
    requestId: 'r',
    routingKey: '{"a":"b"}',
    event: { encoding: 'utf8', bytes: text.length, text: '\ufeff{"名":1}' },
    replies: [
      { retryNum: 0, encoding: 'base64', bytes: 2, text: '//4=' },
      { retryNum: 2, encoding: 'utf8', bytes: 0, text: '' },
    ],
  });
  assert.deepEqual(await eventScene().ask('GET', '/events/r/payload'), { requestId: 'r', routingKey: '', replies: [] });
});

test('replay passes on what is given and nothing else', async () => {
  const { asked, ask } = eventScene();
  const queued = { mode: 'async', requestId: 'new', target: KEY, qualifier: '$LATEST' };
  assert.deepEqual(await ask('POST', '/events/r/replay'), queued);
  const body = { event: '{ "a": 1 }', to: 'f', namespace: 'n', region: 'ap-beijing', qualifier: '3' };
  await ask('POST', '/events/r/replay', body);
  await ask('POST', '/events/r/replay', { namespace: 'n' });
  assert.deepEqual(asked, [
    ['r', {}],
    ['r', { body: Buffer.from('{ "a": 1 }'), to: { name: 'f', namespace: 'n', region: 'ap-beijing' }, qualifier: '3' }],
    ['r', { to: { namespace: 'n' } }],
  ]);
  await refused(ask('POST', '/events/r/replay', { edit: '{}' }), 'InvalidParameter', /no parameter edit/);
  await refused(ask('POST', '/events/r/replay', { event: { a: 1 } }), 'InvalidParameter', /event.*string/);
  await refused(ask('POST', '/events/r/replay', { to: '' }), 'InvalidParameterValue', /to/);
  await refused(ask('POST', '/events/r/replay', []), 'InvalidParameter', /JSON object/);
});

test('a synchronous replay answers with the outcome', async () => {
  const replayed = (outcome: Replayed['outcome'] & object) => ({
    requestId: 'new',
    target: KEY,
    qualifier: '1',
    outcome,
  });
  const good = eventScene({ replayed: replayed(anOutcome(200, { durationMs: 3, memoryBytes: 9, log: 'l' })) });
  assert.deepEqual(await good.ask('POST', '/events/r/replay', {}), {
    mode: 'sync',
    requestId: 'new',
    target: KEY,
    qualifier: '1',
    status: 200,
    result: '"ok"',
    errorMessage: '',
    stackTrace: '',
    durationMs: 3,
    memoryBytes: 9,
    log: 'l',
  });
  const bad = eventScene({ replayed: replayed(anOutcome(433)) });
  const answer = (await bad.ask('POST', '/events/r/replay', {})) as { result: string; status: number };
  assert.equal(answer.status, 433);
  assert.equal(JSON.parse(answer.result).requestId, 'new');
});

const LETTER: DeadLetter = {
  item: {
    event: anEvent({ requestId: 'r', source: 'timer' }),
    acceptedAt: 1,
    dueAt: 2,
    retryNum: 2,
    runErrors: 2,
  },
  to: { type: 'CMQ-QUEUE', name: 'q' },
  why: 'too old',
  status: 449,
  errorMessage: 'old',
  diedAt: 3,
  message: Buffer.from('{"RequestId":"r"}'),
};
const LETTER_VIEW = {
  requestId: 'r',
  ...KEY,
  qualifier: '$DEFAULT',
  source: 'timer',
  to: { type: 'CMQ-QUEUE', name: 'q' },
  why: 'too old',
  status: 449,
  errorMessage: 'old',
  tried: 3,
  acceptedAt: 1,
  diedAt: 3,
  eventBytes: anEvent().body.length,
};

function letterScene() {
  const asked: unknown[] = [];
  const note = (which: LetterQuery | string) => void asked.push(which);
  const routes = letterRoutes({
    letters: {
      async list(query, { offset, limit }) {
        asked.push([query, offset, limit]);
        return { total: 41, rows: [LETTER] };
      },
      async show(requestId) {
        note(requestId);
        return LETTER;
      },
      async redrive(which) {
        note(which);
        return { redriven: 2, left: 1 };
      },
      async purge(which) {
        note(which);
        return { purged: 3 };
      },
    },
    clock,
    region,
  });
  return { asked, ask: (method: string, url: string, body?: unknown) => ask(routes, method, url, body) };
}

test('letters are listed in pages, and one is shown with the documented message', async () => {
  const { asked, ask } = letterScene();
  assert.deepEqual(await ask('GET', '/deadletters'), { nowMs: 77, total: 41, letters: [LETTER_VIEW] });
  await ask('GET', '/deadletters?name=q&type=CMQ-TOPIC&function=f&namespace=n&limit=5&offset=40');
  assert.deepEqual(await ask('GET', '/deadletters/r'), { nowMs: 77, letter: LETTER_VIEW, message: { RequestId: 'r' } });
  assert.deepEqual(asked, [
    [{}, 0, 20],
    [{ target: { region, namespace: 'n', name: 'f' }, name: 'q', type: 'CMQ-TOPIC' }, 40, 5],
    'r',
  ]);
  await refused(ask('GET', '/deadletters?type=CMQ-TOPIC'), 'MissingParameter', /name/);
  await refused(ask('GET', '/deadletters?type=topic&name=q'), 'InvalidParameterValue', /CMQ-TOPIC, CMQ-QUEUE/);
  await refused(ask('GET', '/deadletters?offset=x'), 'InvalidParameterValue', /offset/);
});

test('which letters are redriven or purged has to be said', async () => {
  for (const verb of ['redrive', 'purge']) {
    const { asked, ask } = letterScene();
    const path = `/deadletters/${verb}`;
    const answer = verb === 'redrive' ? { redriven: 2, left: 1 } : { purged: 3 };
    assert.deepEqual(await ask('POST', path, { requestId: 'r' }), answer);
    await ask('POST', path, { all: true });
    await ask('POST', path, { name: 'q', all: true });
    await ask('POST', path, { function: 'f' });
    assert.deepEqual(asked, ['r', {}, { name: 'q' }, { target: { region, namespace: 'default', name: 'f' } }]);
    await refused(ask('POST', path), 'MissingParameter', /requestId \| all/);
    await refused(ask('POST', path, {}), 'MissingParameter', /requestId \| all/);
    await refused(ask('POST', path, { requestId: 'r', all: true }), 'InvalidParameter', /stands alone/);
    await refused(ask('POST', path, { requestId: 'r', name: 'q' }), 'InvalidParameter', /stands alone/);
    await refused(ask('POST', path, { all: false }), 'InvalidParameterValue', /all/);
    await refused(ask('POST', path, { every: true }), 'InvalidParameter', /no parameter every/);
    await refused(ask('POST', path, 'all'), 'InvalidParameter', /JSON object/);
    assert.equal(asked.length, 4);
  }
});
