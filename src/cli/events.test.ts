import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { signTc3 } from '../http/tc3.ts';
import { type Asked, benchOf, Refusal } from './fixture.ts';
import type { EventAttempt, EventLife, Events, EventView, LetterView } from './wire.ts';

const NOW = Date.UTC(2030, 0, 1);
const ROOT = '/_openscf/v1';

function event(requestId: string, change: Partial<EventView> = {}): EventView {
  return {
    region: 'ap-guangzhou',
    namespace: 'default',
    name: 'flaky',
    requestId,
    qualifier: '$DEFAULT',
    source: 'timer',
    mode: 'async',
    state: 'ok',
    tried: 1,
    acceptedAt: NOW - 60_000,
    startedAt: NOW - 60_000,
    nextAt: 0,
    status: 200,
    durationMs: 12.4,
    memoryBytes: 30 * 1024 * 1024,
    why: '',
    ...change,
  };
}

const EVENTS: Events = {
  nowMs: NOW,
  events: [
    event('a', { state: 'waiting', tried: 0, status: 0, nextAt: NOW, startedAt: NOW }),
    event('b', { state: 'waiting', tried: 2, status: 430, nextAt: NOW + 58_000, startedAt: NOW - 2000 }),
    event('c', { state: 'failed', status: 433, source: 'invoke', mode: 'sync', durationMs: 3000 }),
    event('d', {
      state: 'dead',
      status: 430,
      why: 'retries used up',
      tried: 3,
      namespace: 'n',
      startedAt: NOW - 3.6e6,
    }),
    event('e', { name: '名字', startedAt: NOW - 2 * 86_400_000 }),
  ],
};

const queries = (asked: readonly Asked[]) => asked.map(one => one.what.split('?')[1] ?? '');

test('events are listed with what a person wants to know', async t => {
  const bench = await benchOf(t, { [`GET ${ROOT}/events`]: EVENTS });
  const { out } = await bench.run(['events', 'ls']);
  assert.equal(
    out,
    [
      'WHEN        REQUEST ID  FUNCTION   SOURCE  ATTEMPTS  DURATION  MEMORY   STATE',
      'now         a           flaky      timer   0                            waiting',
      '2 s ago     b           flaky      timer   2         12 ms     30.0 MB  waiting, next attempt in 58 s',
      '1m 00s ago  c           flaky      invoke  1         3 s       30.0 MB  failed: 433 TimeLimitReached',
      '1h 00m ago  d           flaky (n)  timer   3         12 ms     30.0 MB  dead: retries used up',
      '2d 00h ago  e           名字       timer   1         12 ms     30.0 MB  ok',
      '',
    ].join('\n'),
  );
  const zh = await bench.run(['events', 'ls', '--lang', 'zh']);
  assert.match(zh.out, /^时间 +RequestId +函数 +来源 +尝试 +耗时 +内存 +状态\n刚刚 +a /);
  assert.match(zh.out, /等待中，58 s 后重试\n.*失败：433.*\n.*死信：重试次数已用尽\n/);
  assert.deepEqual(JSON.parse((await bench.run(['events', 'ls', '--json'])).out), EVENTS);
});

test('filters go to the server', async t => {
  const bench = await benchOf(t, { [`GET ${ROOT}/events`]: { nowMs: NOW, events: [] } });
  const none = await bench.run([
    'events',
    'ls',
    'f',
    '--state',
    'dead',
    '--source',
    'timer',
    '--namespace',
    'n',
    '-n',
    '7',
  ]);
  assert.deepEqual([none.status, none.out], [0, '']);
  assert.match(none.note, /no such events/);
  await bench.run(['events', 'ls', '--region', 'ap-beijing']);
  await bench.run(['events', 'ls']);
  assert.deepEqual(queries(bench.asked), [
    'limit=7&function=f&region=ap-guangzhou&namespace=n&state=dead&source=timer',
    'limit=20&region=ap-beijing',
    'limit=20',
  ]);
  assert.match((await bench.run(['events', 'ls', '-n', 'x'])).note, /--limit must be a whole number/);
});

test('from afar a query is signed with its call', async t => {
  const bench = await benchOf(t, { [`GET ${ROOT}/events`]: EVENTS });
  await rm(join(bench.cwd, 'token'));
  assert.equal((await bench.run(['events', 'ls', '--source', 'a b'])).status, 0);
  const headers = bench.asked[0]?.headers ?? {};
  const signed = signTc3({
    method: 'GET',
    path: `${ROOT}/events`,
    query: 'limit=20&source=a+b',
    host: headers.host ?? '',
    body: '',
    timestampS: Number(headers['x-tc-timestamp']),
    service: 'scf',
    secretId: 'AKIDtest',
    secretKey: 'secret',
  });
  assert.equal(headers.authorization, signed);
});

test('more events than the server gives at once come page by page, each once', async t => {
  const all = Array.from({ length: 150 }, (_, at) => event(`r${at}`, { startedAt: NOW - at }));
  const bench = await benchOf(t, {
    [`GET ${ROOT}/events`]: ({ what }: Asked) => {
      const query = new URLSearchParams(what.split('?')[1]);
      const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY);
      const events = all.filter(one => one.startedAt < before).slice(0, Number(query.get('limit')));
      const last = events.at(-1);
      return { nowMs: NOW, events, ...(last && events.length === 100 && { before: last.startedAt }) };
    },
  });
  const ids = async (limit: string) => {
    const { out } = await bench.run(['events', 'ls', '-n', limit, '--json']);
    return (JSON.parse(out) as Events).events.map(one => one.requestId);
  };
  assert.deepEqual(
    await ids('120'),
    all.slice(0, 120).map(one => one.requestId),
  );
  assert.deepEqual(
    await ids('999'),
    all.map(one => one.requestId),
  );
  assert.deepEqual(await ids('1'), ['r0']);
});

function attempt(retryNum: number, change: Partial<EventAttempt> = {}): EventAttempt {
  return {
    retryNum,
    version: '$LATEST',
    instance: 'i-1',
    startedAt: NOW - 180_000 + retryNum * 60_000,
    queuedMs: 3,
    waitMs: 0,
    initMs: 0,
    durationMs: 12,
    memoryBytes: 30 * 1024 * 1024,
    status: 430,
    verdict: 'retried',
    why: '',
    nextAt: NOW - 120_000 + retryNum * 60_000,
    errMsg: '',
    log: '',
    ...change,
  };
}

const DEAD: EventLife = {
  nowMs: NOW,
  event: event('d', { state: 'dead', status: 430, why: 'retries used up', tried: 3, acceptedAt: NOW - 180_003 }),
  attempts: [
    attempt(0, { initMs: 41.6, waitMs: 45 }),
    attempt(1),
    attempt(2, { verdict: 'dead', why: 'retries used up', log: 'one\ntwo\n', errMsg: 'Error: no\n    at f\n' }),
  ],
  place: { at: 'letters', to: { type: 'CMQ-QUEUE', name: 'dead' }, why: 'retries used up', diedAt: NOW - 60_000 },
  kept: { eventBytes: 2048, replyBytes: { 0: 10, 2: 15 } },
};

async function shown(t: TestContext, life: EventLife, ...flags: string[]): Promise<string> {
  const bench = await benchOf(t, { [`GET ${ROOT}/events/d`]: life });
  const { status, out, note } = await bench.run(['events', 'show', 'd', ...flags]);
  assert.deepEqual([status, note], [0, '']);
  return out;
}

test('show tells the whole life of an event', async t => {
  assert.equal(
    await shown(t, DEAD),
    `RequestId  d
function   flaky  $DEFAULT
source     timer  asynchronous
accepted   2029-12-31T23:56:59.997Z  3m 00s ago
state      dead: retries used up
now        kept as a dead letter under CMQ-QUEUE dead; send it again: openscf deadletters redrive d
bytes      event 2.0 KB  replies 25 B

ATTEMPT  BEGAN                     VERSION  INSTANCE  START       QUEUED  WAITED  DURATION  MEMORY   STATUS  THEN
0        2029-12-31T23:57:00.000Z  $LATEST  i-1       cold 42 ms  3 ms    45 ms   12 ms     30.0 MB  430     again after 1m 00s
1        2029-12-31T23:58:00.000Z  $LATEST  i-1       warm        3 ms    0 ms    12 ms     30.0 MB  430     again after 1m 00s
2        2029-12-31T23:59:00.000Z  $LATEST  i-1       warm        3 ms    0 ms    12 ms     30.0 MB  430     dead letter: retries used up

log of attempt 2
  one
  two
  Error: no
      at f
`,
  );
  const zh = await shown(t, DEAD, '--lang', 'zh');
  assert.match(
    zh,
    /^状态 +死信：重试次数已用尽\n现在 +死信保存在 CMQ-QUEUE dead；重新投递：openscf deadletters redrive d$/m,
  );
  assert.match(
    zh,
    /^尝试 +开始 .*\n0 .*冷 42 ms.*重试\n1 .*热.*\n2 .*成为死信：重试次数已用尽\n\n第 2 次尝试的日志\n {2}one\n/m,
  );
  assert.deepEqual(JSON.parse(await shown(t, DEAD, '--json')), DEAD);
});

test('show says where an event is now', async t => {
  const at = (place: EventLife['place'], change: Partial<EventView>, attempts: readonly EventAttempt[] = []) =>
    shown(t, { ...DEAD, place, event: event('d', change), attempts, kept: { replyBytes: {} } });
  const due = await at(
    { at: 'queue', dueAt: NOW + 5000 },
    { state: 'waiting', nextAt: NOW + 5000, tried: 0, status: 0 },
  );
  assert.match(
    due,
    /^state +waiting, begins in 5 s\nnow +in the queue, due at 2030-01-01T00:00:05\.000Z\nbytes +.*no longer kept\n$/m,
  );
  assert.match(await at({ at: 'queue', dueAt: NOW }, { state: 'waiting', nextAt: NOW }), /^now +in the queue, due$/m);
  const open = attempt(0, { verdict: 'running', status: 202, startedAt: NOW, log: 'so far\n' });
  const runs = await at({ at: 'instance', since: NOW }, { state: 'running', status: 0 }, [open]);
  assert.match(runs, /^now +running since 2030-01-01T00:00:00\.000Z$/m);
  assert.match(runs, /^0 .* running\n\nlog of attempt 0\n {2}so far\n$/m);
  assert.match(await at({ at: 'instance' }, { state: 'running' }), /^now +running$/m);
  const cut = await at({ at: 'queue', dueAt: NOW }, { state: 'waiting', nextAt: NOW }, [open]);
  assert.match(cut, /^0 .* cut off$/m);
  assert.match(await at({ at: 'end' }, { state: 'dead' }), /^now +over; its dead letter was purged$/m);
  assert.match(await at({ at: 'end' }, { state: 'unknown' }), /^state +over \(its end was not recorded\)\nnow +over$/m);
  const verdicts = ['acked', 'answered', 'aborted', 'dropped'].map(verdict => attempt(0, { verdict, why: '' }));
  for (const [index, text] of ['done', 'answered', 'broken off by a user', 'dropped'].entries())
    assert.match(await at({ at: 'end' }, {}, verdicts.slice(index, index + 1)), new RegExp(`${text}\n$`));
  const refused = attempt(0, { verdict: 'dropped', why: 'queue full', instance: '', version: '', status: 449 });
  const full = await at({ at: 'end' }, { state: 'dropped', why: 'queue full' }, [refused]);
  assert.match(full, /^state +dropped: queue full$/m);
  assert.match(full, / - +- +- +3 ms +0 ms +- +- +449 +dropped: queue full\n$/);
});

test('show --payload and --reply give exact bytes and nothing else', async t => {
  const bench = await benchOf(t, {
    [`GET ${ROOT}/events/d/payload`]: {
      requestId: 'd',
      routingKey: '',
      event: { encoding: 'utf8', bytes: 12, text: '\ufeff{ "名": 1 }' },
      replies: [
        { retryNum: 0, encoding: 'utf8', bytes: 1, text: '0' },
        { retryNum: 1, encoding: 'base64', bytes: 2, text: '//4=' },
      ],
    },
    [`GET ${ROOT}/events/gone/payload`]: { requestId: 'gone', routingKey: '', replies: [] },
  });
  const bytes = async (...flags: string[]) =>
    Buffer.from((await bench.run(['events', 'show', 'd', ...flags])).out, 'latin1');
  assert.deepEqual(await bytes('--payload'), Buffer.from('\ufeff{ "名": 1 }'));
  assert.deepEqual(await bytes('--reply'), Buffer.from([0xff, 0xfe]));
  assert.equal(JSON.parse((await bench.run(['events', 'show', 'd', '--payload', '--json'])).out).event.bytes, 12);
  const gone = await bench.run(['events', 'show', 'gone', '--payload']);
  assert.deepEqual([gone.status, gone.out], [1, '']);
  assert.match(gone.note, /no longer kept.*records\.bytesMB and records\.days/);
  assert.match((await bench.run(['events', 'show', 'gone', '--reply'])).note, /No reply/);
});

/** Nobody waits on it. */
class HurriedClock extends TurnableClock {
  override async sleep(): Promise<void> {}
}

test('tail shows each change once, in order, and nothing from before', async t => {
  const stop = new AbortController();
  const polls: EventView[][] = [
    [event('b', { startedAt: 20, state: 'running', status: 0 }), event('a', { startedAt: 10 })],
    [
      event('c', { startedAt: 30, state: 'waiting', tried: 0, status: 0 }),
      event('b', { startedAt: 20, state: 'running', status: 0 }),
    ],
    [
      event('c', { startedAt: 31, state: 'waiting', tried: 1, status: 430, nextAt: NOW + 60_000 }),
      event('b', { startedAt: 20 }),
    ],
    [event('c', { startedAt: 90, tried: 2 })],
  ];
  const bench = await benchOf(t, {
    [`GET ${ROOT}/events`]: ({ what }: Asked) => {
      if (polls.length < 4) assert.match(what, /limit=100&from=(20|31|30)&function=f&/);
      const events = polls.shift() ?? [];
      if (polls.length === 0) stop.abort();
      return { nowMs: NOW, events };
    },
  });
  const { status, out } = await bench.run(['events', 'tail', 'f', '-n', '2'], {
    clock: new HurriedClock(0),
    signal: stop.signal,
  });
  assert.equal(status, 0);
  assert.deepEqual(out.trimEnd().split('\n'), [
    '1970-01-01T00:00:00.010Z  a  flaky  timer  ok  12 ms  30.0 MB',
    '1970-01-01T00:00:00.020Z  b  flaky  timer  running',
    '1970-01-01T00:00:00.030Z  c  flaky  timer  waiting',
    '1970-01-01T00:00:00.020Z  b  flaky  timer  ok  12 ms  30.0 MB',
    '1970-01-01T00:00:00.031Z  c  flaky  timer  waiting, next attempt in 1m 00s  12 ms  30.0 MB',
    '1970-01-01T00:00:00.090Z  c  flaky  timer  ×2  ok  12 ms  30.0 MB',
  ]);
});

test('tail of one state shows what comes into it later, however long ago it began', async t => {
  const stop = new AbortController();
  const polls: [query: RegExp, events: EventView[]][] = [
    [/limit=20&state=dead$/, [event('past', { startedAt: 5, state: 'dead', status: 430, why: 'too old' })]],
    [/limit=100$/, [event('b', { startedAt: 30 }), event('a', { startedAt: 10, state: 'running', status: 0 })]],
    [/limit=100&from=10$/, [event('a', { startedAt: 10, state: 'dead', status: 430, why: 'not retried' })]],
    [/limit=100&from=30$/, []],
  ];
  const bench = await benchOf(t, {
    [`GET ${ROOT}/events`]: ({ what }: Asked) => {
      const [query, events] = polls.shift() ?? [/nothing/, []];
      assert.match(what, query);
      if (polls.length === 0) stop.abort();
      return { nowMs: NOW, events };
    },
  });
  const { out } = await bench.run(['events', 'tail', '--state', 'dead'], {
    clock: new HurriedClock(0),
    signal: stop.signal,
  });
  assert.deepEqual(out.split('\n'), [
    '1970-01-01T00:00:00.005Z  past  flaky  timer  dead: too old  12 ms  30.0 MB',
    '1970-01-01T00:00:00.010Z  a  flaky  timer  dead: not retried  12 ms  30.0 MB',
    '',
  ]);
});

const sync = (change: object = {}) => ({
  mode: 'sync',
  requestId: 'new',
  status: 200,
  result: '{"a":1}',
  errorMessage: '',
  stackTrace: '',
  durationMs: 12.5,
  memoryBytes: 1024 * 1024,
  ...change,
});

test('replay gives the result of a synchronous call, or the new request id', async t => {
  const bench = await benchOf(t, {
    [`POST ${ROOT}/events/s/replay`]: sync(),
    [`POST ${ROOT}/events/a/replay`]: { mode: 'async', requestId: 'new' },
  });
  const one = await bench.run(['replay', 's']);
  assert.deepEqual([one.status, one.out, one.note], [0, '{"a":1}\n', 'RequestId new  12.5 ms  1.0 MB\n']);
  assert.deepEqual(await bench.run(['replay', 'a']), { status: 0, out: 'new\n', note: '' });
  assert.deepEqual(JSON.parse((await bench.run(['replay', 'a', '--json'])).out), { mode: 'async', requestId: 'new' });
  assert.deepEqual(bench.asked[0]?.params, {});
});

test('replay sends an edited event as it is written, elsewhere if asked', async t => {
  const bench = await benchOf(t, { [`POST ${ROOT}/events/a%2Fb/replay`]: { mode: 'async', requestId: 'new' } });
  await writeFile(join(bench.cwd, 'e.json'), '{ "big": 12345678901234567890 }\n');
  const flags = ['--edit', 'e.json', '--to', 'f', '--namespace', 'n', '--qualifier', '2', '--region', 'ap-beijing'];
  await bench.run(['replay', 'a/b', ...flags]);
  assert.deepEqual(bench.asked[0]?.params, {
    event: '{ "big": 12345678901234567890 }\n',
    to: 'f',
    namespace: 'n',
    region: 'ap-beijing',
    qualifier: '2',
  });
  await writeFile(join(bench.cwd, 'bad.json'), '{a:1}');
  await writeFile(join(bench.cwd, 'bytes.json'), Buffer.from([0x22, 0xff, 0x22]));
  assert.match((await bench.run(['replay', 'a/b', '--edit', 'bad.json'])).note, /not JSON/);
  assert.match((await bench.run(['replay', 'a/b', '--edit', 'bytes.json'])).note, /not JSON: not UTF-8/);
  assert.match((await bench.run(['replay', 'a/b', '--edit', 'none.json'])).note, /none\.json cannot be read/);
  assert.equal(bench.asked.length, 1);
});

test('a replay that fails gives 1, its error beside the output', async t => {
  const bench = await benchOf(t, {
    [`POST ${ROOT}/events/s/replay`]: sync({
      status: 430,
      result: '{}',
      errorMessage: 'short',
      stackTrace: 'Error: long',
    }),
    [`POST ${ROOT}/events/gone/replay`]: new Refusal('ResourceNotFound.EventBytes', 'no longer kept'),
  });
  const one = await bench.run(['replay', 's']);
  assert.deepEqual([one.status, one.out], [1, '']);
  assert.match(one.note, /^RequestId new .* 430\nError: long\n$/);
  const json = await bench.run(['replay', 's', '--json']);
  assert.deepEqual([json.status, JSON.parse(json.out).status], [1, 430]);
  const gone = await bench.run(['replay', 'gone']);
  assert.deepEqual([gone.status, gone.note], [1, 'error: ResourceNotFound.EventBytes: no longer kept\n']);
});

function letter(requestId: string, change: Partial<LetterView> = {}): LetterView {
  return {
    requestId,
    region: 'ap-guangzhou',
    namespace: 'default',
    name: 'flaky',
    qualifier: '$DEFAULT',
    source: 'timer',
    to: { type: 'CMQ-QUEUE', name: 'dead' },
    why: 'retries used up',
    status: 430,
    errorMessage: 'Error: no',
    tried: 3,
    acceptedAt: NOW - 180_000,
    diedAt: NOW - 60_000,
    eventBytes: 2048,
    ...change,
  };
}

test('dead letters are listed, with how many there are beyond', async t => {
  const letters = [letter('a'), letter('b', { name: '名字', why: 'too old', to: { type: 'CMQ-TOPIC', name: 't' } })];
  const bench = await benchOf(t, { [`GET ${ROOT}/deadletters`]: { nowMs: NOW, total: 7, letters } });
  const { out, note } = await bench.run(['deadletters', 'ls', '-n', '2']);
  assert.equal(
    out,
    [
      'GIVEN UP    REQUEST ID  FUNCTION  SOURCE  KEPT UNDER      ATTEMPTS  SIZE    STATUS  WHY',
      '1m 00s ago  a           flaky     timer   CMQ-QUEUE dead  3         2.0 KB  430     retries used up',
      '1m 00s ago  b           名字      timer   CMQ-TOPIC t     3         2.0 KB  430     too old',
      '',
    ].join('\n'),
  );
  assert.equal(note, '5 more; -n shows them.\n');
  await bench.run(['deadletters', 'ls', 'f', '--name', 't', '--type', 'CMQ-TOPIC', '--namespace', 'n', '-n', '2']);
  assert.deepEqual(queries(bench.asked), [
    'limit=2&offset=0',
    'function=f&region=ap-guangzhou&namespace=n&name=t&type=CMQ-TOPIC&limit=2&offset=0',
  ]);
  assert.match(
    (await bench.run(['deadletters', 'ls', '-n', '2', '--lang', 'zh'])).out,
    /^放弃 .*\n1m 00s 前 .*重试次数已用尽\n/,
  );
  const json = JSON.parse((await bench.run(['deadletters', 'ls', '-n', '2', '--json'])).out);
  assert.deepEqual(json, { nowMs: NOW, total: 7, letters });
});

test('dead letters come page by page; none is said', async t => {
  const all = Array.from({ length: 130 }, (_, at) => letter(`r${at}`));
  const bench = await benchOf(t, {
    [`GET ${ROOT}/deadletters`]: ({ what }: Asked) => {
      const query = new URLSearchParams(what.split('?')[1]);
      const offset = Number(query.get('offset'));
      return { nowMs: NOW, total: 130, letters: all.slice(offset, offset + Number(query.get('limit'))) };
    },
  });
  const count = async (limit: string) =>
    JSON.parse((await bench.run(['deadletters', 'ls', '-n', limit, '--json'])).out).letters.length;
  assert.equal(await count('120'), 120);
  assert.equal(await count('500'), 130);
  const none = await benchOf(t, { [`GET ${ROOT}/deadletters`]: { nowMs: NOW, total: 0, letters: [] } });
  const { out, note } = await none.run(['deadletters', 'ls']);
  assert.deepEqual([out, note], ['', 'There are no dead letters.\n']);
});

test('one dead letter is shown with the message', async t => {
  const message = { RequestId: 'a', ErrorCode: -1 };
  const bench = await benchOf(t, { [`GET ${ROOT}/deadletters/a`]: { nowMs: NOW, letter: letter('a'), message } });
  const { out } = await bench.run(['deadletters', 'show', 'a']);
  assert.match(out, /^kept under +CMQ-QUEUE dead$/m);
  assert.match(out, /^attempts +3 {2}430 User code exception caught$/m);
  assert.deepEqual(JSON.parse(out.slice(out.indexOf('{'))), message);
  assert.deepEqual(JSON.parse((await bench.run(['deadletters', 'show', 'a', '--json'])).out).message, message);
});

test('redrive and purge take one letter, or all that are left', async t => {
  const bench = await benchOf(t, {
    [`POST ${ROOT}/deadletters/redrive`]: { redriven: 3, left: 2 },
    [`POST ${ROOT}/deadletters/purge`]: { purged: 1 },
  });
  const redriven = await bench.run(['deadletters', 'redrive', '--all', '--name', 'dead', '--function', 'f']);
  assert.equal(redriven.out, 'Redriven 3\n');
  assert.match(redriven.note, /^2 left: their functions are gone/);
  assert.equal((await bench.run(['deadletters', 'purge', 'a'])).out, 'Purged 1\n');
  assert.equal((await bench.run(['deadletters', 'purge', 'a', '--lang', 'zh'])).out, '已清除 1 条\n');
  assert.deepEqual(JSON.parse((await bench.run(['deadletters', 'redrive', 'a', '--json'])).out), {
    redriven: 3,
    left: 2,
  });
  assert.deepEqual(
    bench.asked.slice(0, 2).map(one => one.params),
    [{ function: 'f', region: 'ap-guangzhou', name: 'dead', all: true }, { requestId: 'a' }],
  );
});

test('redrive and purge do nothing unless told which', async t => {
  const bench = await benchOf(t, {});
  for (const verb of ['redrive', 'purge']) {
    for (const flags of [[], ['--name', 'dead'], ['--function', 'f']]) {
      const { status, out, note } = await bench.run(['deadletters', verb, ...flags]);
      assert.deepEqual([status, out], [1, '']);
      assert.match(note, /^error: Say which dead letters are meant: .*--all/);
    }
    for (const flags of [['--all'], ['--name', 'dead'], ['--namespace', 'n']])
      assert.match((await bench.run(['deadletters', verb, 'a', ...flags])).note, /names one dead letter/);
    assert.match((await bench.run(['deadletters', verb, '--lang', 'zh'])).note, /^错误：请指明要处理的死信/);
  }
  assert.deepEqual(bench.asked, []);
});
