// The vendor's Node.js SDK, unmodified, with all its ways of signing and sending.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import { type Api, KEYS, startApi, TEMPORARY } from './fixture.ts';

type Credential = { secretId: string; secretKey: string; token?: string };
interface Ways {
  readonly signMethod?: 'TC3-HMAC-SHA256' | 'HmacSHA256' | 'HmacSHA1';
  readonly reqMethod?: 'GET' | 'POST';
  readonly credential?: Credential;
  readonly host?: string;
  readonly language?: 'zh-CN' | 'en-US';
  readonly region?: string;
}

interface Answer {
  readonly Echo: Record<string, unknown>;
  readonly Call: Record<string, string>;
  readonly RequestId: string;
}

const PARAMS = {
  Name: 'a b+c&d=e%20/函数 "\\"',
  Count: -12,
  Ratio: 0.5,
  On: false,
  Filters: [
    { Name: 'Status', Values: ['Active', ''] },
    { Name: '@at', Values: ['@x', '_y', '+'] },
  ],
  Code: { ZipFile: 'UEsDBAo+/=' },
  Either: 7,
  Kind: 'b',
};

describe('the Node.js SDK', () => {
  let api: Api;
  before(async () => {
    api = await startApi();
  });
  after(() => api.front.close());

  function client({
    signMethod,
    reqMethod,
    credential = KEYS,
    host = '127.0.0.1',
    language,
    region = 'ap-beijing',
  }: Ways) {
    return new scf.v20180416.Client({
      credential,
      region,
      profile: {
        ...(signMethod && { signMethod }),
        ...(language && { language }),
        httpProfile: {
          endpoint: `${host}:${api.front.port}`,
          protocol: 'http://',
          ...(reqMethod && { reqMethod }),
        },
      },
    });
  }

  /** Any action, typed by this test. */
  const ask = (ways: Ways, action: string, params: object, options = {}) =>
    client(ways).request(action, params, options) as Promise<Answer>;

  for (const host of ['127.0.0.1', 'localhost']) {
    for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA256', 'HmacSHA1'] as const) {
      for (const reqMethod of ['POST', 'GET'] as const) {
        test(`${signMethod} by ${reqMethod} to ${host}`, async () => {
          const answer = await ask({ signMethod, reqMethod, host }, 'ListFunctions', PARAMS);
          const isJson = signMethod === 'TC3-HMAC-SHA256' && reqMethod === 'POST';
          // A union has no one type that a text could be turned into.
          assert.deepEqual(answer.Echo, { ...PARAMS, Either: isJson ? 7 : '7' });
          const { prefix, region, language, secretId, requestId } = answer.Call;
          assert.deepEqual([prefix, region, language, secretId], ['deps', 'ap-beijing', 'zh', KEYS.secretId]);
          assert.equal(requestId, answer.RequestId);
        });

        test(`${signMethod} by ${reqMethod} to ${host}: a wrong secret`, async () => {
          const credential = { ...KEYS, secretKey: 'wrong' };
          await assert.rejects(ask({ signMethod, reqMethod, host, credential }, 'ListFunctions', PARAMS), {
            code: 'AuthFailure.SignatureFailure',
          });
        });
      }
    }
  }

  test('multipart', async () => {
    const params = { Name: 'multi "part"', Kind: 'a', Code: JSON.stringify({ ZipFile: 'x', Size: 3 }), Count: '5' };
    const answer = await ask({}, 'CreateFunction', params, { multipart: true });
    assert.deepEqual(answer.Echo, { ...params, Code: { ZipFile: 'x', Size: 3 }, Count: 5 });
  });

  test('octet-stream is refused in words', async () => {
    const octet = client({}).requestOctetStream('CreateFunction', Buffer.from('bytes'));
    await assert.rejects(octet, { code: 'UnsupportedOperation', message: /CreateFunction.*application\/json/ });
  });

  test('an unsigned call is refused', async () => {
    await assert.rejects(ask({}, 'ListFunctions', PARAMS, { skipSign: true }), {
      code: 'AuthFailure.InvalidAuthorization',
    });
  });

  test('session tokens have to be the right ones', async () => {
    for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1'] as const) {
      const at = (credential: Credential) => ask({ signMethod, credential }, 'ListFunctions', { Name: 'x' });
      assert.equal((await at(TEMPORARY)).Echo.Name, 'x');
      const { secretId, secretKey } = TEMPORARY;
      await assert.rejects(at({ secretId, secretKey }), { code: 'AuthFailure.TokenFailure' });
      await assert.rejects(at({ ...TEMPORARY, token: 'other' }), { code: 'AuthFailure.TokenFailure' });
      await assert.rejects(at({ ...KEYS, token: 'none-wanted' }), { code: 'AuthFailure.TokenFailure' });
    }
  });

  test('errors come in the language that is asked for', async () => {
    const failing = (language?: 'zh-CN' | 'en-US') =>
      ask({ signMethod: 'HmacSHA256', ...(language && { language }) }, 'ListFunctions', {});
    await assert.rejects(failing(), { code: 'MissingParameter', message: '缺少参数 Name。' });
    await assert.rejects(failing('zh-CN'), { message: '缺少参数 Name。' });
    await assert.rejects(failing('en-US'), { message: 'The parameter Name is missing.' });
    await assert.rejects(ask({ language: 'en-US' }, 'ListFunctions', {}), {
      message: 'The parameter Name is missing.',
    });
  });

  test('errors bring the request id and the trace of the call', async () => {
    const options = { headers: { 'X-TC-TraceId': 'trace-1' } };
    const error = await ask({}, 'ListFunctions', {}, options).catch(error => error);
    assert.match(error.requestId, /^[0-9a-f-]{36}$/);
    assert.equal(error.traceId, 'trace-1');
  });
});
