// Code that names no endpoint: the vendor's SDKs inside functions, with the hosts that they use in the cloud.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import type { Doctor } from '../src/cli/wire.ts';
import { deploy, invoke, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

const PYTHON = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3';
const COS = 'none-1250000000.cos.ap-guangzhou.myqcloud.com';
const CI = 'b-1250000000.ci.ap-guangzhou.myqcloud.com';

/** A handler with its libraries in one file, as people ship it. */
async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '..') },
    ...{ bundle: true, write: false, platform: 'node', target: 'node18', format: 'cjs', logLevel: 'silent' },
  });
  return outputFiles[0]?.text ?? '';
}

const SCF_SDK = `
const { scf } = require('tencentcloud-sdk-nodejs-scf');
exports.main_handler = async ({ credential, signMethod }) => {
  const client = new scf.v20180416.Client({ credential, region: process.env.TENCENTCLOUD_REGION, profile: { signMethod } });
  const { Functions } = await client.ListFunctions({});
  return Functions.map(one => one.FunctionName);
};`;

const COS_SDK = `
const COS = require('cos-nodejs-sdk-v5');
exports.main_handler = async ({ credential }) => {
  const cos = new COS({ SecretId: credential.secretId, SecretKey: credential.secretKey });
  const place = { Bucket: 'b-1250000000', Region: 'ap-guangzhou' };
  await cos.putBucket(place);
  await cos.putObject({ ...place, Key: 'from/a function', Body: 'written there' });
  const { Body } = await cos.getObject({ ...place, Key: 'from/a function' });
  const { Contents } = await cos.getBucket(place);
  return [Body.toString(), Contents.map(one => one.Key)];
};`;

const NATIVE = `
exports.main_handler = async ({ urls }) => {
  const answers = [];
  for (const url of urls) {
    const answer = await fetch(url);
    answers.push([answer.status, answer.headers.get('content-type'), await answer.text()]);
  }
  return answers;
};`;

const IN_PYTHON = `
import json
from urllib.request import urlopen, Request
from urllib.error import HTTPError
def ask(url):
    try:
        answer = urlopen(Request(url, data=b'{}'))
    except HTTPError as error:
        answer = error
    return [answer.getcode(), answer.headers['Content-Type'], answer.read().decode()]
def main_handler(event, context):
    return [ask(url) for url in event['urls']]
`;

type Answers = [status: number, type: string, text: string][];

describe("the cloud's names inside functions", () => {
  let server: TestServer;
  let sdk: Scf;
  before(async () => {
    server = await startTestServer();
    sdk = sdkOf(server);
  });
  after(() => server.close());

  const more = { MemorySize: 256 };
  const result = async (name: string, event: object) => {
    const { RetMsg, InvokeResult, Log } = await invoke(sdk, name, event);
    assert.equal(InvokeResult, 0, `${RetMsg} ${Log}`);
    return JSON.parse(RetMsg);
  };

  test("the vendor's SCF SDK finds this server, with each way of signing", async () => {
    await deploy(sdk, 'scf-sdk', await bundled(SCF_SDK), more);
    for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA256'])
      assert.deepEqual(await result('scf-sdk', { credential: server.credentials, signMethod }), ['scf-sdk']);
  });

  test("the vendor's COS SDK makes a bucket, writes, reads and lists here", async () => {
    await deploy(sdk, 'cos-sdk', await bundled(COS_SDK), more);
    const seen = await result('cos-sdk', { credential: server.credentials });
    assert.deepEqual(seen, ['written there', ['from/a function']]);
  });

  test('a product that is not built says so, and doctor knows of it', async () => {
    await deploy(sdk, 'asks', NATIVE, more);
    const [answer] = (await result('asks', { urls: [`https://${CI}/`] })) as Answers;
    assert.equal(answer?.[0], 501);
    assert.match(answer?.[2] ?? '', /<Code>NotImplemented<.*cloudNames=off/s);
    const missed = await until('the refusal is noted', async () =>
      (await server.get<Doctor>('/doctor')).missed.find(one => one.service === 'ci'),
    );
    assert.equal(missed.action, 'GET');
  });

  const unsigned = (answer: Answers[number] | undefined) => {
    const [status, type, text] = answer ?? [0, '', '{}'];
    const { Response } = JSON.parse(text) as { Response?: { Error: { Code: string } } };
    return [status, type, Response?.Error.Code];
  };

  test('fetch, over TLS and without', async () => {
    await deploy(sdk, 'native', NATIVE, more);
    const host = 'scf.ap-beijing.tencentcloudapi.com';
    const urls = [`https://${host}/?Action=ListFunctions`, `http://${host}/`, `https://${COS}/key`];
    const [https, http, cos] = (await result('native', { urls })) as Answers;
    assert.deepEqual(unsigned(https).slice(0, 2), [200, 'application/json']);
    assert.deepEqual(unsigned(http), [200, 'application/json', 'MissingParameter']);
    assert.deepEqual([cos?.[0], cos?.[1]], [404, 'application/xml']);
    assert.match(cos?.[2] ?? '', /<Code>NoSuchBucket</);
  });

  test('a function calls the gateway by the domain that the cloud gave it', async () => {
    await deploy(sdk, 'behind', 'exports.main_handler = async event => ({ path: event.path });', more);
    const { TriggerInfo } = await sdk.CreateTrigger({
      ...{ FunctionName: 'behind', TriggerName: 'http', Type: 'apigw', Enable: 'OPEN' },
      TriggerDesc: JSON.stringify({ api: { authRequired: 'FALSE', requestConfig: { method: 'ANY' } } }),
    });
    const desc = JSON.parse(TriggerInfo?.TriggerDesc ?? '{}') as { service: { serviceId: string } };
    const { serviceId } = desc.service;
    const hosts = ['ap-guangzhou.apigateway.myqcloud.com', 'gz.apigw.tencentcs.com', 'gz.tencentapigw.com'];
    const urls = hosts.flatMap(end =>
      ['https', 'http'].map(scheme => `${scheme}://${serviceId}-1250000000.${end}/release/behind`),
    );
    const answers = (await result('native', { urls })) as Answers;
    assert.deepEqual(
      answers.map(([status, , text]) => [status, text]),
      urls.map(() => [200, '{"path":"/behind"}']),
    );
  });

  test('Python, over TLS and without', { skip: PYTHON }, async () => {
    await deploy(sdk, 'python', IN_PYTHON, { ...more, Runtime: 'Python3.9' });
    const urls = ['https://cls.tencentcloudapi.com/', 'http://scf.tencentcloudapi.com/', `https://${COS}/key`];
    const [https, http, cos] = (await result('python', { urls })) as Answers;
    assert.deepEqual(unsigned(https), [200, 'application/json', 'MissingParameter']);
    assert.deepEqual(unsigned(http), [200, 'application/json', 'MissingParameter']);
    assert.deepEqual([cos?.[0], cos?.[1]], [405, 'application/xml']);
    assert.match(cos?.[2] ?? '', /<Code>MethodNotAllowed</);
  });

  test("a module of the user's keeps its name", { skip: PYTHON }, async () => {
    const code = `import names\ndef main_handler(event, context):\n    return [names.WHOSE, hasattr(names, 'install')]`;
    const files = { 'index.py': code, 'names.py': "WHOSE = 'mine'" };
    await deploy(sdk, 'own-module', files, { ...more, Runtime: 'Python3.9' });
    assert.deepEqual(await result('own-module', {}), ['mine', false]);
  });

  test('switched off, the runtimes are as they are', async () => {
    const off = await startTestServer({ cloudNames: 'off' });
    try {
      const code = `exports.main_handler = async () => require('net').Socket.prototype.connect.toString().includes('redirected');`;
      const isLed = async (server: TestServer) => {
        const sdk = sdkOf(server);
        await deploy(sdk, 'looks', code, more);
        return JSON.parse((await invoke(sdk, 'looks')).RetMsg);
      };
      assert.deepEqual([await isLed(server), await isLed(off)], [true, false]);
    } finally {
      await off.close();
    }
  });
});
