import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { benchOf, Refusal, runIn } from './fixture.ts';

const URLS = {
  functions: [
    {
      region: 'ap-guangzhou',
      namespace: 'default',
      name: 'page',
      runtime: 'Nodejs18.15',
      status: 'Active',
      triggers: [
        {
          type: 'apigw',
          name: 'gate',
          qualifier: '$DEFAULT',
          enabled: true,
          summary: 'ANY /page',
          urls: ['http://127.0.0.1:9702/x', 'http://host/x'],
        },
        { type: 'timer', name: 't', qualifier: '$LATEST', enabled: false, summary: '0 * * * * * *', urls: [] },
      ],
    },
    { region: 'ap-shanghai', namespace: 'n', name: 'other', runtime: 'Python3.10', status: 'Creating', triggers: [] },
  ],
};

test('ls shows functions, triggers and URLs', async t => {
  const bench = await benchOf(t, { 'GET /_openscf/v1/urls': URLS });
  const { out } = await bench.run(['ls']);
  assert.equal(
    out,
    [
      'page                   Nodejs18.15  Active',
      '  apigw gate           $DEFAULT     ANY /page  http://127.0.0.1:9702/x  http://host/x',
      '  timer t              $LATEST      disabled  0 * * * * * *',
      'other (ap-shanghai/n)  Python3.10   Creating',
      '',
    ].join('\n'),
  );
  assert.deepEqual(JSON.parse((await bench.run(['ls', '--json'])).out), URLS);
});

test('ls shows where clients of a WebSocket connect, and below it where functions push', async t => {
  const [page] = URLS.functions;
  const chat = {
    ...page,
    name: 'chat',
    triggers: [
      {
        type: 'apigw',
        name: 'ws',
        qualifier: '$LATEST',
        enabled: true,
        summary: 'WebSocket transport /chat',
        urls: ['ws://127.0.0.1:9702/x', 'ws://host/x', 'http://127.0.0.1:9702/_apigw-push/api-1'],
      },
    ],
  };
  const bench = await benchOf(t, { 'GET /_openscf/v1/urls': { functions: [chat] } });
  assert.equal(
    (await bench.run(['ls'])).out,
    [
      'chat        Nodejs18.15  Active',
      '  apigw ws  $LATEST      WebSocket transport /chat  ws://127.0.0.1:9702/x  ws://host/x',
      '                         push to  http://127.0.0.1:9702/_apigw-push/api-1',
      '',
    ].join('\n'),
  );
});

test('ls of an empty server says what to do', async t => {
  const bench = await benchOf(t, { 'GET /_openscf/v1/urls': { functions: [] } });
  const { status, out, note } = await bench.run(['ls']);
  assert.deepEqual([status, out], [0, '']);
  assert.match(note, /openscf deploy/);
});

const RESULT = {
  FunctionRequestId: 'r1',
  InvokeResult: 0,
  RetMsg: '{"a":1}',
  ErrMsg: '',
  Log: '',
  Duration: 12.5,
  MemUsage: 1048576,
};

test('invoke sends the event as it is written and puts the result alone on the output', async t => {
  const bench = await benchOf(t, { Invoke: { Result: { ...RESULT, Log: 'line\n' } } });
  const { status, out, note } = await bench.run([
    'invoke',
    'f',
    '-d',
    '{"big": 12345678901234567890}',
    '--log',
    '--qualifier',
    '3',
  ]);
  assert.deepEqual([status, out], [0, '{"a":1}\n']);
  assert.equal(note, 'line\nRequestId r1  12.5 ms  1.0 MB\n');
  assert.deepEqual(bench.asked[0]?.params, {
    FunctionName: 'f',
    Namespace: 'default',
    Qualifier: '3',
    InvocationType: 'RequestResponse',
    LogType: 'Tail',
    ClientContext: '{"big": 12345678901234567890}',
  });
});

test('invoke reads the event from a file or the input', async t => {
  const bench = await benchOf(t, { Invoke: { Result: RESULT } });
  await writeFile(join(bench.cwd, 'e.json'), '[1]');
  await bench.run(['invoke', 'f', '-d', '@e.json']);
  await bench.run(['invoke', 'f', '--event', '@-'], { stdin: '"in"' });
  await bench.run(['invoke', 'f']);
  assert.deepEqual(
    bench.asked.map(one => one.params.ClientContext),
    ['[1]', '"in"', '{}'],
  );
  assert.match((await bench.run(['invoke', 'f', '-d', '@none'])).note, /none cannot be read/);
  assert.match((await bench.run(['invoke', 'f', '-d', '{a:1}'])).note, /not JSON/);
  assert.equal(bench.asked.length, 3);
});

test('a function that fails gives 1, its error beside the output', async t => {
  const bench = await benchOf(t, { Invoke: { Result: { ...RESULT, InvokeResult: 430, RetMsg: '', ErrMsg: 'boom' } } });
  const { status, out, note } = await bench.run(['invoke', 'f']);
  assert.deepEqual([status, out], [1, '']);
  assert.match(note, /InvokeResult 430\nboom\n$/);
  const json = await bench.run(['invoke', 'f', '--json']);
  assert.equal(json.status, 1);
  assert.equal(JSON.parse(json.out).ErrMsg, 'boom');
});

test('an asynchronous invoke gives the request id', async t => {
  const bench = await benchOf(t, { Invoke: { Result: { FunctionRequestId: 'r9' } } });
  const { status, out } = await bench.run(['invoke', 'f', '--async', '--log']);
  assert.deepEqual([status, out], [0, 'r9\n']);
  assert.deepEqual([bench.asked[0]?.params.InvocationType, bench.asked[0]?.params.LogType], ['Event', 'None']);
});

const log = (id: string, second: number, more: object = {}) => ({
  RequestId: id,
  RetryNum: 0,
  StartTime: `2030-01-01 00:00:0${second}`,
  RetCode: 0,
  InvokeFinished: 1,
  Duration: 3,
  MemUsage: 0,
  RetMsg: '"ok"',
  Log: `hello ${id}\n`,
  ...more,
});

test('logs come with the latest last', async t => {
  const bench = await benchOf(t, {
    GetFunctionLogs: { Data: [log('b', 2, { RetCode: 1, RetMsg: 'bad', RetryNum: 1 }), log('a', 1)] },
  });
  const { out } = await bench.run(['logs', 'f', '-n', '5', '--request-id', 'x']);
  assert.equal(
    out,
    [
      '2030-01-01 00:00:01  a  ok  3 ms  0.0 MB',
      '  hello a',
      '2030-01-01 00:00:02  b  failed (1)  retry 1  3 ms  0.0 MB',
      '  hello b',
      '  bad',
      '',
    ].join('\n'),
  );
  assert.deepEqual([bench.asked[0]?.params.Limit, bench.asked[0]?.params.FunctionRequestId], [5, 'x']);
  assert.match((await bench.run(['logs', 'f', '-n', '0'])).note, /--limit must be a whole number/);
});

/** Nobody waits on it. */
class HurriedClock extends TurnableClock {
  override async sleep(): Promise<void> {}
}

test('following logs shows each run once, when it has ended, and nothing from before', async t => {
  const stop = new AbortController();
  const answers = [
    [log('b', 2)],
    [log('c', 3, { InvokeFinished: 0 }), log('b', 2), log('old', 1)],
    [log('c', 3), log('b', 2), log('old', 1)],
  ];
  let call = 0;
  const bench = await benchOf(t, {
    GetFunctionLogs: () => {
      if (call === answers.length - 1) stop.abort();
      return { Data: answers[Math.min(call++, answers.length - 1)] };
    },
  });
  const { status, out } = await bench.run(['logs', 'f', '-f', '-n', '1'], {
    clock: new HurriedClock(0),
    signal: stop.signal,
  });
  assert.equal(status, 0);
  assert.deepEqual(
    out
      .split('\n')
      .filter(line => line.startsWith('2030'))
      .map(line => line.split('  ')[1]),
    ['b', 'c'],
  );
});

const TRIGGERS = {
  Triggers: [
    { Type: 'timer', TriggerName: 'a', TriggerDesc: '{"cron":"x"}', Qualifier: '$DEFAULT' },
    { Type: 'timer', TriggerName: 'b', TriggerDesc: '{"cron":"y"}', Qualifier: '$LATEST' },
    { Type: 'apigw', TriggerName: 'g', TriggerDesc: '{}', Qualifier: '$DEFAULT' },
  ],
};

test('trigger add takes a free name', async t => {
  const bench = await benchOf(t, {
    ListTriggers: { Triggers: [{ Type: 'timer', TriggerName: 'timer' }] },
    CreateTrigger: { TriggerInfo: { Type: 'timer', TriggerName: 'timer-2', TriggerDesc: '{"cron":"* * * * * * *"}' } },
  });
  const { out } = await bench.run(['trigger', 'add', 'f', 'timer', '* * * * * * *', '--argument', 'hi', '--disabled']);
  assert.equal(out, 'Added timer timer-2 {"cron":"* * * * * * *"}\n');
  assert.deepEqual(bench.asked[1]?.params, {
    FunctionName: 'f',
    Namespace: 'default',
    Type: 'timer',
    TriggerName: 'timer-2',
    Qualifier: '$DEFAULT',
    Enable: 'CLOSE',
    TriggerDesc: '* * * * * * *',
    CustomArgument: 'hi',
  });
});

test('trigger enable, disable and rm find the trigger that is meant', async t => {
  const bench = await benchOf(t, { ListTriggers: TRIGGERS, UpdateTriggerStatus: {}, DeleteTrigger: {} });
  assert.equal((await bench.run(['trigger', 'disable', 'f', 'timer', '--name', 'b'])).out, 'Disabled timer b\n');
  assert.equal((await bench.run(['trigger', 'enable', 'f', 'apigw'])).out, 'Enabled apigw g\n');
  assert.equal((await bench.run(['trigger', 'rm', 'f', 'timer', '--name', 'a'])).out, 'Removed timer a\n');
  const calls = bench.asked.filter(one => one.what !== 'ListTriggers');
  assert.deepEqual(
    calls.map(({ what, params }) => [what, params.TriggerName, params.Enable, params.Qualifier]),
    [
      ['UpdateTriggerStatus', 'b', 'CLOSE', '$LATEST'],
      ['UpdateTriggerStatus', 'g', 'OPEN', '$DEFAULT'],
      ['DeleteTrigger', 'a', undefined, '$DEFAULT'],
    ],
  );
  assert.match(
    (await bench.run(['trigger', 'rm', 'f', 'timer'])).note,
    /several timer triggers; name one with --name: timer a, timer b/,
  );
  assert.match(
    (await bench.run(['trigger', 'rm', 'f', 'cos'])).note,
    /no cos trigger\. It has: timer a, timer b, apigw g/,
  );
});

test('event prints a sample, or the kinds', async t => {
  const bench = await benchOf(t, {
    'GET /_openscf/v1/sample/timer': { Type: 'Timer' },
    'GET /_openscf/v1/kinds': { kinds: [{ type: 'timer', title: { zh: '定时', en: 'a timer' } }] },
    'GET /_openscf/v1/sample/x%2Fy': new Refusal('ResourceNotFound', 'no kind x/y'),
  });
  assert.deepEqual(JSON.parse((await bench.run(['event', 'timer'])).out), { Type: 'Timer' });
  assert.equal((await bench.run(['event'])).out, 'timer  a timer\n');
  assert.equal((await bench.run(['event', 'x/y'])).note, 'error: ResourceNotFound: no kind x/y\n');
});

test('time is shown and turned', async t => {
  const state = { nowMs: Date.UTC(2030, 0, 1), frozen: true };
  const bench = await benchOf(t, { 'GET /_openscf/v1/clock': state, 'POST /_openscf/v1/clock': state });
  assert.equal((await bench.run(['time', 'show'])).out, '2030-01-01T00:00:00.000Z  frozen\n');
  for (const args of [['freeze'], ['advance', '1h30m'], ['to', '2030-01-01T08:00:00+08:00'], ['resume']]) {
    assert.equal((await bench.run(['time', ...args])).status, 0);
  }
  assert.deepEqual(
    bench.asked.slice(1).map(one => one.params),
    [
      { action: 'freeze' },
      { action: 'advance', ms: 5_400_000 },
      { action: 'to', instantMs: Date.UTC(2030, 0, 1) },
      { action: 'resume' },
    ],
  );
  assert.match((await bench.run(['time', 'advance', 'soon'])).note, /soon is not a length of time/);
  assert.match((await bench.run(['time', 'to', 'tomorrow'])).note, /tomorrow is not an instant/);
  assert.deepEqual(JSON.parse((await bench.run(['time', 'resume', '--json'])).out), state);
});

test('a clock that is not to be turned says why', async t => {
  const POST = new Refusal('UnsupportedOperation', 'only a server started with --dev lets its clock be turned');
  const state = { nowMs: Date.UTC(2030, 0, 1), frozen: false };
  const bench = await benchOf(t, { 'GET /_openscf/v1/clock': state, 'POST /_openscf/v1/clock': POST });
  assert.equal((await bench.run(['time', 'show'])).out, '2030-01-01T00:00:00.000Z\n');
  for (const args of [['freeze'], ['advance', '3h'], ['to', '2031-01-01T00:00:00Z'], ['resume']]) {
    const { status, out, note } = await bench.run(['time', ...args]);
    assert.deepEqual([status, out], [1, '']);
    assert.match(note, /^error: UnsupportedOperation: .*--dev/);
  }
});

test('ca prints the path and what to export', async t => {
  const bench = await benchOf(t, { 'GET /_openscf/v1/status': { caPath: "/my data/it's/ca.pem" } });
  const { out } = await bench.run(['ca']);
  assert.match(out, /^\/my data\/it's\/ca\.pem\nexport NODE_EXTRA_CA_CERTS='\/my data\/it'\\''s\/ca\.pem'\n/);
  const none = await benchOf(t, { 'GET /_openscf/v1/status': {} });
  assert.match((await none.run(['ca'])).note, /no TLS port/);
});

test('new lists templates and writes one', async t => {
  const { cwd } = await benchOf(t, {});
  assert.match((await runIn(cwd, ['new'])).out, /^hello-node +Hello from Node\.js/m);
  assert.equal((await runIn(cwd, ['new', 'hello-node', 'mine'])).out, 'Written to mine\nNext: openscf deploy mine\n');
  const { status, note } = await runIn(cwd, ['new', 'hello-node', 'mine']);
  assert.equal(status, 1);
  assert.match(note, /not empty/);
});

test('deploy makes the function and prints its URLs', async t => {
  let made = false;
  const bench = await benchOf(t, {
    GetFunction: () => (made ? { Status: 'Active' } : new Refusal('ResourceNotFound.Function', 'no')),
    CreateFunction: () => {
      made = true;
      return {};
    },
    ListTriggers: { Triggers: [] },
    CreateTrigger: { TriggerInfo: { TriggerDesc: '{"service":{"serviceId":"service-abcdefgh"}}' } },
    'GET /_openscf/v1/urls': URLS,
  });
  await runIn(bench.cwd, ['new', 'page-node', 'page']);
  const { status, out, note } = await bench.run(['deploy', 'page', '--memory-size', '256']);
  assert.equal(note, '');
  assert.equal(status, 0);
  assert.equal(
    out,
    'Created page (Nodejs18.15, index.main_handler)\n  made  apigw  apigw\nhttp://127.0.0.1:9702/x\nhttp://host/x\n',
  );
  const create = bench.asked.find(one => one.what === 'CreateFunction');
  assert.deepEqual([create?.params.FunctionName, create?.params.MemorySize], ['page', 256]);
  assert.equal(create?.headers['x-tc-region'], 'ap-guangzhou');
});

test('deploy goes to the region of the file unless the flag names one', async t => {
  const bench = await benchOf(t, { GetFunction: new Refusal('AuthFailure.X', 'stop here') });
  await mkdir(join(bench.cwd, 'p'));
  await writeFile(join(bench.cwd, 'p', 'index.js'), '');
  await writeFile(join(bench.cwd, 'p', 'serverless.yml'), 'component: scf\ninputs: {region: ap-beijing}');
  await bench.run(['deploy', 'p'], { env: { OPENSCF_REGION: 'ap-tokyo' } });
  await bench.run(['deploy', 'p', '--region', 'ap-chengdu']);
  assert.deepEqual(
    bench.asked.map(one => one.headers['x-tc-region']),
    ['ap-beijing', 'ap-chengdu'],
  );
  assert.match((await bench.run(['deploy', 'nowhere'])).note, /nowhere does not exist/);
  assert.match((await bench.run(['deploy', 'p', '--timeout', 'long'])).note, /--timeout must be a whole number/);
});
