import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { errorRow, fail, failer } from '../../core/errors.ts';
import { signTc3 } from '../../http/tc3.ts';
import { type Api, KEYS, startApi, TOKEN } from '../fixture.ts';
import { findRoute, type OpenscfRequest, type OpenscfRoute } from './routes.ts';
import { isLoopback, statusOf } from './serve.ts';

const failHere = failer({ 'ResourceInUse.Thing': errorRow.caller('占用', 'taken') });

const routes: OpenscfRoute[] = [
  { method: 'POST', path: '/echo/:name', handle: request => ({ ...request, query: request.query.get('q') }) },
  { method: 'GET', path: '/fail/:code', handle: ({ params }) => raise(params.code) },
  { method: 'GET', path: '/nothing', handle: () => undefined },
];

function raise(code: string | undefined): never {
  if (code === 'taken') return failHere('ResourceInUse.Thing');
  if (code === 'value') return fail('InvalidParameterValue', { name: 'X', reason: 'x' });
  if (code === 'later') return fail('UnsupportedOperation', { reason: 'x' });
  if (code === 'system') return fail('InternalError.System', { reason: 'disk' });
  throw new Error('secret reason');
}

interface OwnAnswer {
  readonly error?: { readonly code: string; readonly message: string };
  readonly [key: string]: unknown;
}

describe('/_openscf/v1', () => {
  let api: Api;
  before(async () => {
    api = await startApi({ routes, bodyBytes: 1000 });
  });
  after(() => api.front.close());

  const bearer = { Authorization: `Bearer ${TOKEN}` };

  async function ask(method: string, path: string, headers: Record<string, string> = bearer, body?: string) {
    const init = { method, headers: { 'X-TC-Language': 'en-US', ...headers }, ...(body !== undefined && { body }) };
    const response = await fetch(`${api.url}/_openscf/v1${path}`, init);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      answer: (await response.json()) as OwnAnswer,
    };
  }

  /** As the command line signs. */
  function signed(method: string, path: string, body = '', query = ''): Record<string, string> {
    const timestampS = Math.floor(Date.now() / 1000);
    const signable = {
      ...KEYS,
      method,
      path: `/_openscf/v1${path}`,
      query,
      body,
      host: api.endpoint,
      timestampS,
      service: 'scf',
    };
    return {
      'Content-Type': 'application/json',
      'X-TC-Timestamp': String(timestampS),
      Authorization: signTc3(signable),
    };
  }

  test('status, by token', async () => {
    const { status, type, answer } = await ask('GET', '/status');
    assert.deepEqual([status, type, answer], [200, 'application/json', { version: '1.2.3' }]);
  });

  test('status, signed', async () => {
    assert.equal((await ask('GET', '/status', signed('GET', '/status'))).status, 200);
  });

  test('a route sees its names, query, body, language and key', async () => {
    const path = '/echo/a%20b';
    const expected = { params: { name: 'a b' }, query: '1', body: { x: [1] }, language: 'en' };
    const byToken = await ask('POST', `${path}?q=1`, bearer, '{"x":[1]}');
    assert.deepEqual(byToken.answer, expected);
    const bySignature = await ask('POST', `${path}?q=1`, signed('POST', path, '{"x":[1]}', 'q=1'), '{"x":[1]}');
    assert.deepEqual(bySignature.answer, { ...expected, secretId: KEYS.secretId });
  });

  test('query, path and body are part of the signature', async () => {
    const headers = signed('POST', '/echo/a', '{}', 'q=1');
    for (const [path, body] of [
      ['/echo/a?q=2', '{}'],
      ['/echo/a', '{}'],
      ['/echo/b?q=1', '{}'],
      ['/echo/a?q=1', '{} '],
    ] as const) {
      const { status, answer } = await ask('POST', path, headers, body);
      assert.deepEqual([status, answer.error?.code], [401, 'AuthFailure.SignatureFailure'], path);
    }
  });

  test('without a right key or token nobody is let in, and no path is told', async () => {
    const cases: [Record<string, string>, number, string][] = [
      [{}, 400, 'MissingParameter'],
      [{ Authorization: 'Bearer wrong' }, 403, 'AuthFailure.UnauthorizedOperation'],
      [{ Authorization: 'Bearer ' }, 401, 'AuthFailure.InvalidAuthorization'],
      [{ Authorization: 'Basic eDp5' }, 401, 'AuthFailure.InvalidAuthorization'],
      [{ Authorization: 'SKIP' }, 401, 'AuthFailure.InvalidAuthorization'],
    ];
    for (const [headers, status, code] of cases) {
      for (const path of ['/status', '/nowhere']) {
        const { status: got, answer } = await ask('GET', path, headers);
        assert.deepEqual([got, answer.error?.code], [status, code]);
      }
    }
  });

  test('errors have the status of their kind', async () => {
    const cases: [string, string, number, string][] = [
      ['GET', '/nowhere', 404, 'ResourceNotFound'],
      ['DELETE', '/status', 405, 'UnsupportedProtocol'],
      ['GET', '/fail/taken', 409, 'ResourceInUse.Thing'],
      ['GET', '/fail/value', 400, 'InvalidParameterValue'],
      ['GET', '/fail/later', 400, 'UnsupportedOperation'],
      ['GET', '/fail/system', 500, 'InternalError.System'],
    ];
    for (const [method, path, status, code] of cases) {
      const { status: got, answer } = await ask(method, path);
      assert.deepEqual([got, answer.error?.code], [status, code]);
    }
  });

  test('a crash tells nothing and is logged with its cause', async () => {
    api.logged.length = 0;
    const { status, answer } = await ask('GET', '/fail/other');
    assert.deepEqual([status, answer.error?.code], [500, 'InternalError']);
    assert.ok(!answer.error?.message.includes('secret reason'));
    const [entry] = api.logged as { fields: { err: Error } }[];
    assert.equal(entry?.fields.err.message, 'secret reason');
  });

  test('messages come in the language that is asked for', async () => {
    assert.equal((await ask('GET', '/fail/taken')).answer.error?.message, 'taken');
    const zh = await ask('GET', '/fail/taken', { ...bearer, 'X-TC-Language': 'zh-CN' });
    assert.equal(zh.answer.error?.message, '占用');
  });

  test('bodies: no JSON, too large, and an answer that is nothing', async () => {
    assert.equal((await ask('POST', '/echo/a', bearer, '{')).answer.error?.code, 'InvalidParameter');
    assert.equal((await ask('POST', '/echo/a', bearer, 'x'.repeat(1001))).status, 413);
    assert.deepEqual((await ask('GET', '/nothing')).answer, {});
  });
});

test('routes are found by method and by whole segments', () => {
  const handle = (request: OpenscfRequest) => request;
  const list: OpenscfRoute[] = [
    { method: 'GET', path: '/a/:id', handle },
    { method: 'PUT', path: '/a/:id', handle },
    { method: 'GET', path: '/a/b/:c', handle },
  ];
  const found = (method: string, path: string) => {
    const route = findRoute(list, method, path);
    return typeof route === 'object' ? [route.route.method, route.route.path, route.params] : route;
  };
  assert.deepEqual(found('GET', '/a/x'), ['GET', '/a/:id', { id: 'x' }]);
  assert.deepEqual(found('PUT', '/a/x%2Fy'), ['PUT', '/a/:id', { id: 'x/y' }]);
  assert.deepEqual(found('GET', '/a/b/c'), ['GET', '/a/b/:c', { c: 'c' }]);
  assert.equal(found('DELETE', '/a/x'), 'method');
  for (const path of ['/a', '/a/', '/a/x/', '/b/x', '', '/', '/a/%zz'])
    assert.equal(found('GET', path), undefined, path);
});

test('the loopback is this machine and nothing that looks like it', () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address);
  for (const address of ['10.0.0.1', '::2', '::ffff:10.0.0.1', '1127.0.0.1', '', undefined]) {
    assert.ok(!isLoopback(address), address);
  }
});

test('a code is matched by whole words', () => {
  const { caller, platform } = errorRow;
  assert.equal(statusOf({ code: 'ResourceNotFoundish', row: caller('', '') }), 400);
  assert.equal(statusOf({ code: 'ResourceNotFound.Function', row: caller('', '') }), 404);
  assert.equal(statusOf({ code: 'ResourceNotFound', row: platform('', '') }), 500);
});
