import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../core/clock.ts';
import type { DeployOptions, ScfCall } from './call.ts';
import { deployAll } from './outputs.ts';
import type { Plan } from './project.ts';
import { fillReferences, referencesIn, referenceTo } from './references.ts';

type Params = Readonly<Record<string, unknown>>;
type Variables = readonly { readonly Key: string; readonly Value: string }[];

/** A server with functions; triggers are there as soon as the function is that has them. */
function cloud(triggers: Readonly<Record<string, readonly { Type: string; TriggerDesc: string }[]>>) {
  const there = new Map<string, Params>();
  const calls: string[] = [];
  const call: ScfCall = async (action, params, service = 'scf') => {
    const name = String(params.FunctionName);
    if (service === 'apigateway')
      return { Result: { InternalDomain: params.ApiId === 'api-ws' ? 'http://push' : null } };
    if (action !== 'GetFunction' && action !== 'ListTriggers') calls.push(`${action} ${name}`);
    if (action === 'CreateFunction') there.set(name, params);
    if (!there.has(name)) throw Object.assign(new Error('gone'), { code: 'ResourceNotFound.Function' });
    if (action === 'UpdateFunctionConfiguration') there.set(name, { ...there.get(name), ...params });
    if (action === 'GetFunction') return { Status: 'Active', Runtime: 'Python3.10' };
    return action === 'ListTriggers' ? { Triggers: triggers[name] ?? [] } : {};
  };
  const options: DeployOptions = { call, clock: new SystemClock() };
  return {
    calls,
    bring: (plans: readonly Plan[], brought?: Parameters<typeof deployAll>[2]) =>
      deployAll(plans, () => options, brought),
    variables(name: string) {
      const { Variables = [] } = (there.get(name)?.Environment ?? {}) as { Variables?: Variables };
      return Object.fromEntries(Variables.map(({ Key, Value }) => [Key, Value]));
    },
  };
}

const plan = (name: string, environment?: Plan['environment']): Plan => ({
  name,
  runtime: 'Python3.10',
  handler: 'index.main_handler',
  echoed: {},
  code: { zip: Buffer.from('PK') },
  ...(environment && { environment }),
});

const apigw = (apiId: string, subDomain = 'http://at/api') => ({
  Type: 'apigw',
  TriggerDesc: JSON.stringify({ api: { apiId }, service: { serviceId: 'service-1', subDomain } }),
});

test('functions are told what others tell, those that come before them at once', async () => {
  const server = cloud({ page: [{ Type: 'timer', TriggerDesc: '* * * * * * *' }, apigw('api-1')] });
  await server.bring([plan('page'), plan('caller', { PAGE: `${referenceTo('page', 'url')}/x`, OTHER: 'y' })]);
  assert.deepEqual(server.variables('caller'), { PAGE: 'http://at/api/x', OTHER: 'y' });
  assert.deepEqual(server.calls, ['CreateFunction page', 'CreateFunction caller']);
});

test('functions that tell each other are told when all are there', async () => {
  const server = cloud({ a: [apigw('api-1', 'http://a')], ws: [apigw('api-ws', 'ws://ws')] });
  const told: string[] = [];
  const plans = [plan('a', { PUSH: referenceTo('ws', 'internalDomain') }), plan('ws', { A: referenceTo('a', 'url') })];
  await server.bring(plans, async ({ name }, { created }) => void told.push(`${name} ${created}`));
  assert.deepEqual(server.variables('a'), { PUSH: 'http://push' });
  assert.deepEqual(server.variables('ws'), { A: 'http://a' });
  assert.deepEqual(server.calls, ['CreateFunction a', 'CreateFunction ws', 'UpdateFunctionConfiguration a']);
  assert.deepEqual(told, ['a true', 'ws true']);

  // Known from the first on: nothing is empty in between.
  server.calls.length = 0;
  await server.bring(plans);
  assert.equal(server.calls.filter(one => one === 'UpdateFunctionConfiguration a').length, 1);
  assert.deepEqual(server.variables('a'), { PUSH: 'http://push' });
});

test('the URL is that of a function, a balancer or the gateway, whichever is first', async () => {
  const desc = (Type: string, value: object) => [{ Type, TriggerDesc: JSON.stringify(value) }];
  const server = cloud({
    open: desc('http', { NetConfig: { ExtranetHTTPUrl: 'http://open', IntranetHTTPUrl: '' } }),
    inner: desc('http', { NetConfig: { ExtranetHTTPUrl: '', IntranetHTTPUrl: 'http://inner' } }),
    rule: desc('clb', { accessUrl: 'http://rule' }),
  });
  const names = ['open', 'inner', 'rule'];
  const wanted = Object.fromEntries(names.map(name => [name, referenceTo(name, 'url')]));
  await server.bring([...names.map(name => plan(name)), plan('asks', wanted)]);
  assert.deepEqual(server.variables('asks'), { open: 'http://open', inner: 'http://inner', rule: 'http://rule' });
});

test('what nobody tells is refused by name: before anything is made where the function is not of the folder', async () => {
  const refused = { code: 'Deploy.Output', message: /b.*internalDomain/ };
  const alone = cloud({});
  await assert.rejects(alone.bring([plan('a', { X: referenceTo('b', 'internalDomain') })]), refused);
  assert.deepEqual(alone.calls, []);
  // An API that is no WebSocket.
  const plain = cloud({ b: [apigw('api-1')] });
  await assert.rejects(plain.bring([plan('a', { X: referenceTo('b', 'internalDomain') }), plan('b')]), refused);
});

test('other failures of the server are not taken for a function that is not there', async () => {
  const call: ScfCall = async () => {
    throw Object.assign(new Error('no'), { code: 'AuthFailure' });
  };
  const told = deployAll([plan('a', { X: referenceTo('b', 'url') })], () => ({ call, clock: new SystemClock() }));
  await assert.rejects(told, { code: 'AuthFailure' });
});

test('references are found and filled within text', () => {
  const text = `<${referenceTo('a', 'url')}|${referenceTo('b-c', 'internalDomain')}>`;
  assert.deepEqual(
    referencesIn(text).map(({ name, output }) => [name, output]),
    [
      ['a', 'url'],
      ['b-c', 'internalDomain'],
    ],
  );
  assert.equal(fillReferences(text, new Map([[referenceTo('a', 'url'), '$&']])), '<$&|>');
  assert.deepEqual(referencesIn(`\${a} $ {output:x.y}`), []);
});
