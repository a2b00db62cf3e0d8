import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import { readPolicy } from '../core/policy-text.ts';
import { signTc3 } from '../http/tc3.ts';
import type { Parameters } from './encoding.ts';
import { startApi } from './fixture.ts';
import { parsePairs, unflatten } from './form.ts';
import { mustBeWithin } from './permit.ts';

const ACCOUNT = { appId: '1250000000', uin: '100000000001' };
const allow = { effect: 'allow', action: '*', resource: '*' };
const holderOf = (...statement: object[]) => ({ names: [], limits: [readPolicy(JSON.stringify({ statement }))] });
const json = (value: object): Parameters => ({ form: 'json', value });

interface Given {
  readonly service?: string;
  readonly action?: string;
  readonly parameters?: Parameters;
  readonly sourceIp?: string;
}

function may(statement: object | readonly object[], given: Given = {}): boolean {
  const call = {
    service: 'scf',
    action: 'Invoke',
    parameters: json({ FunctionName: 'hello' }),
    sourceIp: undefined,
    ...given,
  };
  try {
    mustBeWithin(holderOf(...[statement].flat()), { ...call, region: 'ap-guangzhou', account: ACCOUNT });
    return true;
  } catch (error) {
    assert.ok(error instanceof CloudError && error.code === 'AuthFailure.UnauthorizedOperation', String(error));
    return false;
  }
}

const FUNCTION = 'qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/hello';

describe('what a limited key may call', () => {
  test('by service and action', () => {
    assert.ok(may(allow));
    assert.ok(may({ ...allow, action: 'name/scf:Invoke' }));
    assert.ok(!may({ ...allow, action: 'scf:Get*' }));
    assert.ok(!may({ ...allow, action: 'cos:*' }));
    assert.ok(may({ ...allow, action: 'apigw:*' }, { service: 'apigateway', action: 'CreateApi' }));
    assert.ok(may({ ...allow, action: 'cos:*' }, { service: 'sts', action: 'GetCallerIdentity' }));
  });

  test('by function', () => {
    const one = { ...allow, resource: FUNCTION };
    const tree = (query: string): Parameters => ({ form: 'text', tree: unflatten(parsePairs(query)) });
    assert.ok(may(one));
    for (const parameters of [
      json({ FunctionName: 'hello', Namespace: 'default' }),
      json({ FunctionName: 'hello', Namespace: '' }),
      json({ FunctionName: 'hello', Namespace: null }),
      tree('FunctionName=hello&Namespace=default'),
    ])
      assert.ok(may(one, { parameters }), JSON.stringify(parameters));
    for (const parameters of [
      json({}),
      json({ FunctionName: 'other' }),
      json({ FunctionName: 'hello', Namespace: 'other' }),
      json({ FunctionName: { a: 1 } }),
      json({ FunctionName: 'hello', NewFunctionName: 'other' }),
      tree('FunctionName=hello&NewFunctionName=other'),
      tree('FunctionName.a=hello'),
    ])
      assert.ok(!may(one, { parameters }), JSON.stringify(parameters));
    assert.ok(
      may({ ...allow, resource: FUNCTION.replace('hello', '*') }, { parameters: json({ FunctionName: 'other' }) }),
    );
    assert.ok(!may({ ...allow, resource: FUNCTION.replace('guangzhou', 'tokyo') }));
  });

  test('of what is not known by name, only where all is allowed', () => {
    const list = { action: 'ListFunctions', parameters: json({ Namespace: 'default' }) };
    assert.ok(!may({ ...allow, resource: FUNCTION }, list));
    assert.ok(may({ ...allow, resource: 'qcs::scf:::*' }, list));
    assert.ok(!may([allow, { ...allow, effect: 'deny', resource: FUNCTION }], list));
    assert.ok(!may([allow, { ...allow, effect: 'deny', resource: FUNCTION }]));
    assert.ok(!may({ ...allow, resource: 'qcs::clb:::clb/lb-1' }, { service: 'clb', action: 'DescribeListeners' }));
  });

  test('a role is given to a function by whom that is allowed to', () => {
    const create = (Role: unknown) => ({ action: 'CreateFunction', parameters: json({ FunctionName: 'hello', Role }) });
    const scf = { ...allow, action: 'scf:*', resource: FUNCTION };
    const pass = { ...allow, action: 'name/cam:PassRole', resource: 'qcs::cam::uin/100000000001:roleName/reader' };
    for (const role of [undefined, null, '']) assert.ok(may(scf, create(role)));
    assert.ok(!may(scf, create('reader')));
    assert.ok(may([scf, pass], create('reader')));
    assert.ok(!may([scf, pass], create('Administrator')));
  });

  test('by address', () => {
    const near = { ...allow, condition: { ip_equal: { 'qcs:ip': '127.0.0.0/8' } } };
    assert.ok(may(near, { sourceIp: '::ffff:127.0.0.1' }));
    assert.ok(!may(near, { sourceIp: '10.0.0.1' }));
    assert.ok(!may(near));
  });
});

describe('a limited key on the wire', () => {
  const KEY = { secretId: 'AKIDTMP', secretKey: 'tmp', token: 'tok' };
  const holder = holderOf({ ...allow, action: 'name/scf:ListFunctions' });
  const keys = {
    ...ACCOUNT,
    secretOf: (id: string, token?: string) =>
      id === KEY.secretId && token === KEY.token ? { ...KEY, holder } : undefined,
  };

  async function post(url: string, action: string, path = '/') {
    const { host } = new URL(url);
    const timestampS = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ Name: 'x', FunctionName: 'hello' });
    const signed = signTc3({ method: 'POST', path, host, body, timestampS, service: 'scf', ...KEY });
    const headers = {
      ...{ Authorization: signed, 'Content-Type': 'application/json', 'X-TC-Timestamp': String(timestampS) },
      ...{ 'X-TC-Token': KEY.token, 'X-TC-Language': 'en-US' },
      ...(path === '/' && { 'X-TC-Action': action, 'X-TC-Version': '2018-04-16' }),
    };
    return (await (await fetch(url + path, { method: 'POST', headers, body })).json()) as {
      Response?: { Error?: { Code: string; Message: string }; Echo?: object };
      error?: { code: string };
    };
  }

  test('does what it may, and nothing of this server’s own', async () => {
    const { front, url } = await startApi({ keys });
    try {
      assert.ok((await post(url, 'ListFunctions')).Response?.Echo);
      const { Error: refusal } = (await post(url, 'CreateFunction')).Response ?? {};
      assert.equal(refusal?.Code, 'AuthFailure.UnauthorizedOperation');
      assert.match(
        refusal?.Message ?? '',
        /name\/scf:CreateFunction on qcs::scf:ap-guangzhou:uin\/100000000001:namespace\/default\/function\/hello/,
      );
      assert.equal((await post(url, '', '/_openscf/v1/status')).error?.code, 'AuthFailure.UnauthorizedOperation');
    } finally {
      await front.close();
    }
  });
});
