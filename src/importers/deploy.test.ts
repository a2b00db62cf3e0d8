import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock, TurnableClock } from '../core/clock.ts';
import type { ScfCall } from './call.ts';
import { deploy } from './deploy.ts';
import type { Plan, TriggerPlan } from './project.ts';

type Params = Readonly<Record<string, unknown>>;
type Shown = Record<string, unknown> & { Type: string; TriggerName: string; TriggerDesc: string };

/** Buckets' triggers share a name. */
const isMeant = (one: Shown, { TriggerName, TriggerDesc }: Params) =>
  one.TriggerName === TriggerName && (one.Type !== 'cos' || one.TriggerDesc === TriggerDesc);

/** A server that keeps one function and its triggers, as the cloud's actions show them. */
class Cloud {
  readonly calls: [string, Params][] = [];
  /** Answers of GetFunction still to come; the last one stays. */
  states: Params[] = [];
  triggers: Shown[] = [];
  #exists: boolean;
  #services = 0;

  constructor(existing?: Params) {
    this.#exists = existing !== undefined;
    this.states = [existing ?? { Status: 'Active' }];
  }

  readonly call: ScfCall = async (action, params) => {
    this.calls.push([action, params]);
    if (action === 'GetFunction') {
      if (!this.#exists) throw Object.assign(new Error('gone'), { code: 'ResourceNotFound.Function' });
      return (this.states.length > 1 ? this.states.shift() : this.states[0]) ?? {};
    }
    if (action === 'CreateFunction') this.#exists = true;
    if (action === 'DeleteFunction') this.#exists = false;
    if (action === 'ListTriggers') return { Triggers: [...this.triggers] };
    if (action === 'CreateTrigger') return { TriggerInfo: this.#create(params) };
    if (action === 'DeleteTrigger') this.triggers = this.triggers.filter(one => !isMeant(one, params));
    return {};
  };

  #create(params: Params): Shown {
    const { TriggerName, Type, TriggerDesc, Qualifier, Enable, CustomArgument, Description } = params as Record<
      string,
      string
    >;
    const given = Type === 'timer' ? { cron: TriggerDesc } : JSON.parse(String(TriggerDesc));
    const desc = Type === 'cos' ? { bucketUrl: TriggerName, ...given } : given;
    if (Type === 'apigw') {
      desc.service.serviceId ??= `service-${++this.#services}`;
      desc.api.isBase64Encoded = desc.api.IsBase64Encoded;
      desc.api.apiId = 'api-1';
    }
    const shown = {
      TriggerName,
      Type,
      TriggerDesc: JSON.stringify(desc),
      Qualifier,
      Enable: Enable === 'OPEN' ? 1 : 0,
      CustomArgument,
      Description,
    };
    this.triggers.push(shown as unknown as Shown);
    return shown as unknown as Shown;
  }

  names(): string[] {
    return this.calls.map(([action]) => action).filter(action => action !== 'GetFunction');
  }
  params(action: string): Params {
    return this.calls.find(([name]) => name === action)?.[1] ?? {};
  }
}

const plan = (more: Partial<Plan> = {}): Plan => ({
  name: 'f',
  runtime: 'Nodejs18.15',
  handler: 'index.main_handler',
  echoed: {},
  code: { zip: Buffer.from('zip') },
  ...more,
});
const timer = (more: Partial<TriggerPlan> = {}): TriggerPlan => ({
  type: 'timer',
  name: 't',
  desc: '* * * * * * *',
  enabled: true,
  qualifier: '$DEFAULT',
  argument: '',
  description: '',
  ...more,
});
const endpoint = (name: string, path: string): TriggerPlan =>
  timer({
    type: 'apigw',
    name,
    service: 'shared',
    desc: JSON.stringify({
      api: {
        authRequired: 'FALSE',
        requestConfig: { method: 'ANY', path },
        isIntegratedResponse: 'TRUE',
        IsBase64Encoded: 'FALSE',
      },
      service: { serviceName: 's' },
      release: { environmentName: 'release' },
    }),
  });
const clock = new SystemClock();

test('a new function is created with all that the project says', async () => {
  const cloud = new Cloud();
  const result = await deploy(
    plan({
      namespace: 'n',
      type: 'Event',
      description: 'd',
      memoryMB: 256,
      timeoutS: 5,
      initTimeoutS: 6,
      environment: { A: '1' },
      layers: [
        { name: 'low', version: 2 },
        { name: 'high', version: 1 },
      ],
      echoed: { Role: 'r' },
    }),
    { call: cloud.call, clock },
  );
  assert.deepEqual(cloud.names(), ['CreateFunction']);
  assert.deepEqual(cloud.params('CreateFunction'), {
    FunctionName: 'f',
    Namespace: 'n',
    Runtime: 'Nodejs18.15',
    Handler: 'index.main_handler',
    Type: 'Event',
    Description: 'd',
    MemorySize: 256,
    Timeout: 5,
    InitTimeout: 6,
    Environment: { Variables: [{ Key: 'A', Value: '1' }] },
    Layers: [
      { LayerName: 'low', LayerVersion: 2 },
      { LayerName: 'high', LayerVersion: 1 },
    ],
    Role: 'r',
    Code: { ZipFile: Buffer.from('zip').toString('base64') },
  });
  assert.deepEqual(result, { name: 'f', namespace: 'n', created: true, triggers: [] });
});

test('a project without a layer left unbinds those of the function, one that says nothing keeps them', async () => {
  const sent = async (more: Partial<Plan>) => {
    const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15' });
    await deploy(plan(more), { call: cloud.call, clock });
    return cloud.params('UpdateFunctionConfiguration').Layers;
  };
  assert.deepEqual(await sent({ layers: [] }), [{ LayerName: '', LayerVersion: 0 }]);
  assert.equal(await sent({}), undefined);
});

test('an existing one is updated, code first; what the project does not say is not sent', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15' });
  const result = await deploy(plan({ timeoutS: 7, environment: {} }), { call: cloud.call, clock });
  assert.deepEqual(cloud.names(), ['UpdateFunctionCode', 'UpdateFunctionConfiguration']);
  assert.deepEqual(cloud.params('UpdateFunctionConfiguration'), {
    FunctionName: 'f',
    Namespace: 'default',
    Timeout: 7,
    Environment: { Variables: [{ Key: '', Value: '' }] },
  });
  assert.equal(result.created, false);
});

const DEAD_LETTER = { type: 'CMQ-TOPIC', name: 'dlq', filterType: '' };
const DeadLetterConfig = { Type: 'CMQ-TOPIC', Name: 'dlq', FilterType: '' };

test('settings of asynchronous calls go with the function, retries after it', async () => {
  const cloud = new Cloud();
  const settings = {
    asyncRun: true,
    traced: true,
    deadLetter: DEAD_LETTER,
    retries: { retryNum: 0, msgTtlS: 600 },
    triggers: [timer()],
  };
  await deploy(plan(settings), { call: cloud.call, clock });
  assert.deepEqual(cloud.names(), [
    'CreateFunction',
    'UpdateFunctionEventInvokeConfig',
    'ListTriggers',
    'CreateTrigger',
  ]);
  const { AsyncRunEnable, TraceEnable, ...created } = cloud.params('CreateFunction');
  assert.deepEqual([AsyncRunEnable, TraceEnable, created.DeadLetterConfig], ['TRUE', 'TRUE', DeadLetterConfig]);
  assert.deepEqual(cloud.params('UpdateFunctionEventInvokeConfig'), {
    FunctionName: 'f',
    Namespace: 'default',
    AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 0 }], MsgTTL: 600 },
  });
});

test('an update sends what may change of them', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15', AsyncRunEnable: 'TRUE' });
  await deploy(plan({ asyncRun: true, traced: false, deadLetter: DEAD_LETTER }), { call: cloud.call, clock });
  assert.deepEqual(cloud.names(), ['UpdateFunctionCode', 'UpdateFunctionConfiguration']);
  assert.deepEqual(cloud.params('UpdateFunctionConfiguration'), {
    FunctionName: 'f',
    Namespace: 'default',
    TraceEnable: 'FALSE',
    DeadLetterConfig,
  });
});

test('asynchronous execution cannot change', async () => {
  for (const [old, asyncRun] of [
    ['TRUE', false],
    ['FALSE', true],
  ] as const) {
    const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15', AsyncRunEnable: old });
    await assert.rejects(deploy(plan({ asyncRun }), { call: cloud.call, clock }), {
      code: 'Deploy.AsyncRun',
      message: new RegExp(`is ${!asyncRun} and cannot change to ${asyncRun}`),
    });
    assert.deepEqual(cloud.names(), []);
    await deploy(plan(), { call: cloud.call, clock });
  }
});

test('a runtime cannot change', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Python3.10' });
  await assert.rejects(deploy(plan(), { call: cloud.call, clock }), { code: 'Deploy.Runtime' });
  assert.deepEqual(cloud.names(), []);
});

test('a function that could not be created is made anew', async () => {
  const cloud = new Cloud({ Status: 'CreateFailed', Runtime: 'Python3.10' });
  cloud.states.push({ Status: 'Active' });
  await deploy(plan(), { call: cloud.call, clock });
  assert.deepEqual(cloud.names(), ['DeleteFunction', 'CreateFunction']);
});

test('a failure is told with the reasons of the server', async () => {
  const cloud = new Cloud();
  cloud.states = [
    { Status: 'CreateFailed', StatusReasons: [{ ErrorCode: 'InvalidCode', ErrorMessage: 'no index.js' }] },
  ];
  await assert.rejects(deploy(plan(), { call: cloud.call, clock }), (error: Error) =>
    /InvalidCode: no index\.js/.test(error.message),
  );
});

test('another error of the server is passed on', async () => {
  const call: ScfCall = () => Promise.reject(Object.assign(new Error('x'), { code: 'AuthFailure.SignatureFailure' }));
  await assert.rejects(deploy(plan(), { call, clock }), { code: 'AuthFailure.SignatureFailure' });
});

test('it waits until the function is active, and not for ever', async () => {
  const turned = new TurnableClock(0);
  const cloud = new Cloud();
  cloud.states = [{ Status: 'Creating' }, { Status: 'Creating' }, { Status: 'Active' }];
  const done = deploy(plan(), { call: cloud.call, clock: turned });
  await turned.advance(1000);
  assert.equal((await done).created, true);

  const stuck = new Cloud();
  stuck.states = [{ Status: 'Creating' }];
  const failed = assert.rejects(deploy(plan(), { call: stuck.call, clock: turned }), { code: 'Deploy.Slow' });
  await turned.advance(200_000);
  await failed;
});

test('triggers are made, kept, changed and removed', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15' });
  const run = async (triggers: TriggerPlan[] | undefined, keepTriggers = false) =>
    (await deploy(plan({ triggers }), { call: cloud.call, clock, keepTriggers })).triggers.map(
      one => `${one.change} ${one.name}`,
    );
  assert.deepEqual(await run([timer(), timer({ name: 'u', enabled: false, argument: 'x' })]), ['made t', 'made u']);
  assert.deepEqual(
    await run([timer({ desc: ' * * * * * * *' }), timer({ name: 'u', enabled: false, argument: 'x' })]),
    ['kept t', 'kept u'],
  );
  assert.deepEqual(await run([timer({ desc: '1 * * * * * *' }), timer({ name: 'u', enabled: true, argument: 'x' })]), [
    'changed t',
    'changed u',
  ]);
  assert.deepEqual(await run([timer({ name: 'u', argument: 'x' })], true), ['kept u']);
  assert.equal(cloud.triggers.length, 2);
  assert.deepEqual(await run(undefined), []);
  assert.equal(cloud.triggers.length, 2);
  assert.deepEqual(await run([timer({ name: 'u', argument: 'x' })]), ['removed t', 'kept u']);
  assert.deepEqual(await run([]), ['removed u']);
});

test('triggers of one bucket are told apart by their rules', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15' });
  const rule = (event: string, Prefix = '', change: Partial<TriggerPlan> = {}) =>
    timer({ type: 'cos', name: 'b', desc: JSON.stringify({ event, filter: { Prefix, Suffix: '' } }), ...change });
  const run = async (...triggers: TriggerPlan[]) =>
    (await deploy(plan({ triggers }), { call: cloud.call, clock })).triggers.map(one => one.change).join(' ');
  const rules = () =>
    cloud.triggers.map(one => JSON.parse(one.TriggerDesc).event + JSON.parse(one.TriggerDesc).filter.Prefix);
  assert.equal(await run(rule('put'), rule('delete')), 'made made');
  assert.equal(await run(rule('delete'), rule('put')), 'kept kept');
  assert.equal(await run(rule('put', 'a'), rule('delete')), 'removed made kept', 'a rule is a trigger of its own');
  assert.deepEqual(rules().sort(), ['delete', 'puta']);
  assert.equal(
    await run(rule('put', 'a', { enabled: false }), rule('delete', '', { qualifier: '$LATEST' })),
    'changed changed',
  );
  assert.deepEqual(
    cloud.triggers.map(({ Enable, Qualifier }) => [Enable, Qualifier]),
    [
      [0, '$DEFAULT'],
      [1, '$LATEST'],
    ],
  );
  assert.equal(await run(), 'removed removed');
});

test('endpoints of one event share a gateway service, on later runs too', async () => {
  const cloud = new Cloud({ Status: 'Active', Runtime: 'Nodejs18.15' });
  const run = (triggers: TriggerPlan[]) => deploy(plan({ triggers }), { call: cloud.call, clock });
  const services = () => cloud.triggers.map(one => JSON.parse(one.TriggerDesc).service.serviceId);
  await run([endpoint('a', '/a'), endpoint('b', '/b')]);
  assert.deepEqual(services(), ['service-1', 'service-1']);
  const again = await run([endpoint('a', '/a'), endpoint('b', '/b')]);
  assert.deepEqual(
    again.triggers.map(one => one.change),
    ['kept', 'kept'],
  );
  const changed = await run([endpoint('a', '/other'), endpoint('b', '/b'), endpoint('c', '/c')]);
  assert.deepEqual(
    changed.triggers.map(one => one.change),
    ['changed', 'kept', 'made'],
  );
  assert.deepEqual(new Set(services()), new Set(['service-1']));
});
