import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../core/clock.ts';
import type { ScfCall } from './call.ts';
import { deploy } from './deploy.ts';
import { folderWith } from './fixture.ts';
import { projectsIn, readPlans } from './plan.ts';
import type { GatewayPlan, Plan } from './project.ts';

type Wire = Readonly<Record<string, unknown>>;

/** A gateway with one service that has one API, and a function with the triggers of two. */
function cloud(services: readonly Wire[] = []) {
  const calls: [string, Wire][] = [];
  const trigger = (apiId: string) => ({
    Type: 'apigw',
    TriggerName: apiId,
    TriggerDesc: JSON.stringify({ api: { apiId } }),
    Qualifier: '$DEFAULT',
    Enable: 1,
  });
  const answers: Readonly<Record<string, Wire>> = {
    GetFunction: { Status: 'Active', Runtime: 'Nodejs18.15' },
    ListTriggers: { Triggers: [trigger('api-old'), trigger('api-stray')] },
    DescribeServicesStatus: { Result: { TotalCount: services.length, ServiceSet: services } },
    CreateService: { ServiceId: 'service-new' },
    DescribeApisStatus: {
      Result: { TotalCount: 1, ApiIdStatusSet: [{ ApiId: 'api-old', Path: '/ws', Method: 'GET' }] },
    },
    CreateApi: { Result: { ApiId: 'api-new' } },
  };
  const call: ScfCall = async (action, params, service = 'scf') => {
    calls.push([service === 'scf' ? action : `${service}:${action}`, params]);
    return answers[action] ?? {};
  };
  const of = (action: string) => calls.filter(([name]) => name === action).map(([, params]) => params);
  return { call, calls, of };
}

const gateway: GatewayPlan = {
  serviceId: undefined,
  serviceName: 'chat',
  protocol: 'http',
  environment: 'release',
  apis: [
    {
      path: '/ws',
      method: 'GET',
      settings: { Protocol: 'WEBSOCKET' },
      functions: { WebsocketTransport: '', WebsocketRegister: 'enter' },
      qualifier: '$LATEST',
    },
    { path: '/page', method: 'ANY', settings: {}, functions: { Scf: '' }, qualifier: '$DEFAULT' },
  ],
};
const plan = (more: Partial<Plan> = {}): Plan => ({
  name: 'f',
  runtime: 'Nodejs18.15',
  handler: 'index.main_handler',
  echoed: {},
  code: { zip: Buffer.from('zip') },
  triggers: [],
  gateways: [gateway],
  ...more,
});
const clock = new SystemClock();

test('APIs are made in the named service, changed to what they are, and released', async () => {
  const { call, calls, of } = cloud();
  const { triggers } = await deploy(plan(), { call, clock });
  assert.deepEqual(
    calls.map(([name]) => name).filter(name => name.startsWith('apigateway:')),
    [
      'apigateway:DescribeServicesStatus',
      'apigateway:CreateService',
      'apigateway:DescribeApisStatus',
      'apigateway:ModifyApi',
      'apigateway:CreateApi',
      'apigateway:ModifyApi',
      'apigateway:ReleaseService',
    ],
  );
  assert.deepEqual(of('apigateway:ModifyApi')[0], {
    ServiceId: 'service-new',
    Protocol: 'WEBSOCKET',
    ServiceWebsocketTransportFunctionName: 'f',
    ServiceWebsocketTransportFunctionNamespace: 'default',
    ServiceWebsocketTransportFunctionQualifier: '$LATEST',
    ServiceWebsocketRegisterFunctionName: 'enter',
    ServiceWebsocketRegisterFunctionNamespace: 'default',
    ServiceWebsocketRegisterFunctionQualifier: '$LATEST',
    ApiId: 'api-old',
  });
  assert.equal(of('apigateway:CreateApi')[0]?.ServiceScfFunctionType, 'EVENT');
  assert.deepEqual(triggers.slice(0, 2), [
    { type: 'apigw', name: 'GET /ws', change: 'changed' },
    { type: 'apigw', name: 'ANY /page', change: 'made' },
  ]);
});

test('their triggers stay, others go', async () => {
  const { call, of } = cloud();
  await deploy(plan(), { call, clock });
  assert.deepEqual(
    of('DeleteTrigger').map(one => one.TriggerName),
    ['api-stray'],
  );
});

test('a service of the name is used, and of several with that word in it the one that has it', async () => {
  const { call, of } = cloud([
    { ServiceId: 'service-other', ServiceName: 'chats' },
    { ServiceId: 'service-there', ServiceName: 'chat' },
  ]);
  await deploy(plan(), { call, clock });
  assert.equal(of('apigateway:CreateService').length, 0);
  assert.equal(of('apigateway:ReleaseService')[0]?.ServiceId, 'service-there');
});

test('a web function is said to be one', async () => {
  const { call, of } = cloud();
  await deploy(plan({ type: 'HTTP' }), { call, clock });
  assert.equal(of('apigateway:CreateApi')[0]?.ServiceScfFunctionType, 'HTTP');
});

const FILE = (name: string, events = '') => `component: scf\nname: ${name}\ninputs:\n  runtime: Python3.10\n${events}`;
const SOCKET = '  events: [{apigw: {parameters: {endpoints: [{path: /, protocol: WEBSOCKET}]}}}]\n';

test('a folder of projects is all of them, those that name others last', async t => {
  const folder = await folderWith(t, {
    'a/serverless.yml': FILE('talks', SOCKET),
    'a/index.py': '',
    'b/serverless.yaml': FILE('enters'),
    'b/index.py': '',
    'data/x.txt': '',
  });
  assert.equal((await projectsIn(folder)).length, 2);
  assert.deepEqual(
    (await readPlans(folder, { name: 'ignored', memoryMB: 256 })).map(one => [one.name, one.memoryMB]),
    [
      ['enters', 256],
      ['talks', 256],
    ],
  );
});

test('a project with projects inside is one', async t => {
  const folder = await folderWith(t, {
    'serverless.yml': FILE('one'),
    'index.py': '',
    'sub/serverless.yml': FILE('two'),
  });
  assert.deepEqual(
    (await readPlans(folder)).map(one => one.name),
    ['one'],
  );
});

test('code with scf_bootstrap is a web function', async t => {
  const folder = await folderWith(t, { 'index.js': '', scf_bootstrap: '#!/bin/bash\n' });
  assert.deepEqual(
    (await readPlans(folder)).map(one => one.type),
    ['HTTP'],
  );
});
