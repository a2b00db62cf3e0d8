import assert from 'node:assert/strict';
import { get, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { CLOUD_SUFFIXES } from '../core/cloudnames.ts';
import { SeededIds } from '../core/ids.ts';
import { NO_LOG } from '../core/log.ts';
import { type Front, openFront } from '../http/server.ts';
import type { Site } from '../http/site.ts';
import { unbuiltSite } from './unbuilt.ts';

const fallback: Site = { name: 'other', claims: () => false, serve: (_, response) => void response.end('other') };

describe('products that are not built', () => {
  let front: Front;
  const missed: string[] = [];
  before(async () => {
    const site = unbuiltSite({ ids: new SeededIds(), missed: (...words) => void missed.push(words.join(' ')) });
    front = await openFront({ host: '127.0.0.1', port: 0, setting: 'portApi', sites: [site], fallback, log: NO_LOG });
  });
  after(() => front.close(0));

  async function ask(host: string, path = '/', method = 'GET') {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = { port: front.port, host: '127.0.0.1', path, method, headers: { Host: host }, agent: false };
    (method === 'GET' ? get(options, resolve) : httpRequest(options, resolve)).on('error', reject).end();
    const response = await promise;
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  test('CI is refused in XML that its clients read', async () => {
    const host = 'b-1250000000.ci.ap-guangzhou.myqcloud.com';
    const { status, headers, body } = await ask(host, '/a&b?acl', 'PUT');
    assert.equal(status, 501);
    assert.equal(headers['content-type'], 'application/xml');
    const id = headers['x-cos-request-id'];
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    const element = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1];
    assert.equal(element('Code'), 'NotImplemented');
    assert.match(element('Message') ?? '', /尚未实现 CI .* cloudNames=off/);
    assert.equal(element('Resource'), `${host}/a&amp;b`);
    assert.equal(element('RequestId'), id);
    assert.equal(element('TraceId'), id);
    assert.deepEqual(missed.splice(0), ['ci PUT']);
  });

  test('HEAD has no body, but says how long it would be', async () => {
    const { status, headers, body } = await ask('service.ci.tencentcos.cn', '/', 'HEAD');
    assert.deepEqual([status, body], [501, '']);
    assert.ok(Number(headers['content-length']) > 100);
    assert.deepEqual(missed.splice(0), ['ci HEAD']);
  });

  test('CLS is refused once and for all, in its JSON', async () => {
    for (const host of ['ap-guangzhou.cls.tencentcs.com', 'x.cls.tencentyun.com', 'x.cls.myqcloud.com']) {
      const { status, headers, body } = await ask(host, '/structuredlog?topic_id=1', 'POST');
      assert.equal(status, 400);
      const { errorcode, errormessage } = JSON.parse(body) as Record<string, string>;
      assert.equal(errorcode, 'UnsupportedOperation');
      assert.match(errormessage ?? '', /does not have CLS/);
      assert.ok(headers['x-cls-requestid']);
    }
    assert.deepEqual(missed.splice(0), ['cls POST', 'cls POST', 'cls POST']);
  });

  for (const [host, service] of [
    ['cmq-queue-gz.api.qcloud.com', 'cmq'],
    ['cmq-topic-bj.api.tencentyun.com', 'cmq'],
    ['cvm.api.qcloud.com', 'api-2.0'],
  ] as const) {
    test(`${host} is refused in JSON`, async () => {
      const answer = await ask(host);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], 'application/json');
      const fields = JSON.parse(answer.body) as Record<string, unknown>;
      assert.match(String(fields.message), /cloudNames=off/);
      assert.equal(fields.code, 4000);
      assert.deepEqual(missed.splice(0), [`${service} GET`]);
    });
  }

  test('names of products that are built are left to them, in any case and with any port, and so are other hosts', async () => {
    const built =
      /^\.(tencentcloudapi\.com|apigw\.tencentcs\.com|tencentapigw\.com|apigateway\.tencentyun\.com|(scf\.)?tencent(cs|scf)\.com)$/;
    for (const suffix of CLOUD_SUFFIXES) {
      const { body } = await ask(`Name${suffix.toUpperCase()}:443`);
      assert.equal(body === 'other', built.test(suffix), suffix);
    }
    for (const host of ['localhost', 'www.example.org', 'tencentcloudapi.com'])
      assert.equal((await ask(host)).body, 'other');
    missed.splice(0);
  });
});
