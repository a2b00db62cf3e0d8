// Load balancers over the real server: functions and servers behind real listeners, while their rules change.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificate } from '../src/http/testing-certificates.ts';
import { freePort } from '../src/services/clb/fixture.ts';
import { balancersOf, functionOf, page, type Shown } from './balancers.ts';
import { ask, deploy, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const { client, clb, balancer } = balancersOf(server);

/** A plain server; `held` are the answers that wait to be released. */
async function plain(text: string, hold = false) {
  const held: ServerResponse[] = [];
  const http = createServer((_, response) => {
    if (hold) held.push(response);
    else response.end(text);
  });
  await new Promise<void>(listening => http.listen(0, '127.0.0.1', listening));
  const { port } = http.address() as AddressInfo;
  return {
    port,
    held,
    release: () => {
      for (const response of held.splice(0)) response.end(text);
    },
    Targets: [{ EniIp: '127.0.0.1', Port: port }],
    [Symbol.dispose]: () => {
      http.closeAllConnections();
      http.close();
    },
  };
}

before(async () => {
  await deploy(sdk, 'page', page('function'));
  await deploy(
    sdk,
    'event',
    'exports.main_handler = async event => ({ isBase64Encoded: false, statusCode: 200, headers: {}, body: JSON.stringify(event) })',
  );
});

describe('what a function gets and answers', () => {
  test('the documented event', async () => {
    const { rule, visit } = await balancer();
    await clb('RegisterFunctionTargets', { ...(await rule('a.example')), ...functionOf('event') });
    const headers = { 'Content-Type': 'application/json', 'X-Mine': 'm' };
    const answer = await visit('a.example', '/x?a=1', { method: 'POST', headers }, '{"key1":"123"}');
    const event = JSON.parse(answer.body.toString()) as Record<string, Record<string, string>>;
    assert.deepEqual([event.payload, event.isBase64Encoded], [{ key1: '123' }, 'false']);
    const { Host, 'X-Mine': mine, 'X-Real-IP': ip, 'X-Client-Proto': proto } = event.headers ?? {};
    assert.deepEqual([Host, mine, ip, proto], ['a.example', 'm', '127.0.0.1', 'http']);
    assert.match(event.headers?.['X-Stgw-Time'] ?? '', /^\d{10}\.\d{3}$/);
    assert.deepEqual([event.httpMethod, event.path, event.queryString], ['POST', '/x', { a: '1' }]);
    const bytes = await visit('a.example', '/', { method: 'POST' }, 'AB');
    const { payload, isBase64Encoded } = JSON.parse(bytes.body.toString()) as Shown;
    assert.deepEqual([payload, isBase64Encoded], ['QUI=', 'true']);
  });

  test('the documented refusal, to the letter, for whatever is no answer', async () => {
    const { rule, visit } = await balancer();
    const codes: Record<string, string> = {
      throws: 'exports.main_handler = async () => { throw new Error("x") }',
      nothing: 'exports.main_handler = async () => {}',
      text: 'exports.main_handler = async () => "hello"',
      lacks: 'exports.main_handler = async () => ({ body: "x" })',
      odd: 'exports.main_handler = async () => ({ isBase64Encoded: "false", statusCode: 200, headers: {}, body: "" })',
    };
    for (const [name, code] of Object.entries(codes)) {
      await deploy(sdk, `bad-${name}`, code);
      await clb('RegisterFunctionTargets', { ...(await rule('a.example', `/${name}`)), ...functionOf(`bad-${name}`) });
      const answer = await visit('a.example', `/${name}`);
      assert.equal(answer.status, 403, name);
      assert.equal(answer.body.toString(), '{"errno":403,"error":"Analyse scf response failed."}', name);
      assert.equal(answer.headers['content-type'], 'application/json');
    }
  });

  test('504 when it runs out of time, and the bytes that it names', async () => {
    const { rule, visit } = await balancer();
    await deploy(sdk, 'slow', 'exports.main_handler = () => new Promise(() => setInterval(() => {}, 1e6))', {
      Timeout: 1,
    });
    await clb('RegisterFunctionTargets', { ...(await rule('slow.example')), ...functionOf('slow') });
    assert.equal((await visit('slow.example')).status, 504);
    const bytes = `exports.main_handler = async () => ({ isBase64Encoded: true, statusCode: 201,
      headers: { 'X-A': ['1', '2'] }, body: 'AP8=' })`;
    await deploy(sdk, 'bytes', bytes);
    await clb('RegisterFunctionTargets', { ...(await rule('bytes.example')), ...functionOf('bytes') });
    const answer = await visit('bytes.example');
    assert.deepEqual([answer.status, [...answer.body], answer.headers['x-a']], [201, [0, 255], '1, 2']);
  });

  test('as the settings want it', async () => {
    await using other = await closing({ 'compat.clbBase64Flag': 'boolean', 'compat.clbExtendedEvent': false });
    const own = sdkOf(other.server);
    await deploy(
      own,
      'event',
      'exports.main_handler = async event => ({ isBase64Encoded: false, statusCode: 200, headers: {}, body: JSON.stringify(event) })',
    );
    const { TriggerInfo } = await own.CreateTrigger({
      FunctionName: 'event',
      TriggerName: 'web',
      Type: 'clb',
      TriggerDesc: JSON.stringify({ port: await freePort('127.0.0.1'), domain: 'a.example' }),
      Enable: 'OPEN',
    });
    const { accessUrl } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { accessUrl: string };
    const event = JSON.parse((await ask(accessUrl)).body.toString()) as Shown;
    assert.deepEqual(Object.keys(event), ['headers', 'payload', 'isBase64Encoded']);
    assert.equal(event.isBase64Encoded, false);
  });
});

async function closing(settings: Shown) {
  const started = await startTestServer(settings);
  return { server: started, [Symbol.asyncDispose]: () => started.close() };
}

describe('moving from a server to a function', () => {
  const example = (name: string) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, '..', 'examples', 'clb-cases', `${name}.mjs`)], {
      env: { ...process.env, OPENSCF_DATA: server.dataDir, OPENSCF_ENDPOINT: server.endpoint, FUNCTION: 'page' },
    });
  const left = async () => (await client.cloud('clb', 'DescribeLoadBalancers', {})).TotalCount;

  test('switching: clients change from one address to another without a failed request', async () => {
    const before = await left();
    const { stdout } = await example('switching');
    const { failed, ...seen } = JSON.parse(stdout) as { server: number; function: number; failed: number };
    assert.equal(failed, 0);
    assert.equal(seen.server + seen.function, 1600);
    assert.ok(seen.server >= 99 && seen.function >= 800, stdout);
    assert.equal(await left(), before, 'it removes what it has made');
  });

  test('diversion: each domain goes its own way', async () => {
    const { stdout } = await example('diversion');
    assert.equal(stdout, 'www.shop.example: Hello from the server\napi.shop.example: function\n');
  });
});

describe('changes under load', () => {
  test('lose none of the requests that are in flight', async () => {
    using latch = await plain('held', true);
    await deploy(
      sdk,
      'held',
      `exports.main_handler = async () => {
      const body = await (await fetch('http://127.0.0.1:${latch.port}')).text();
      return { isBase64Encoded: false, statusCode: 200, headers: {}, body };
    }`,
    );
    const changes: Record<string, (place: Shown, ref: Shown) => Promise<unknown>> = {
      weight: place => clb('RegisterFunctionTargets', { ...place, ...functionOf('held', 0) }),
      another: place => clb('ModifyFunctionTargets', { ...place, ...functionOf('page') }),
      gone: place => clb('DeregisterFunctionTargets', { ...place, ...functionOf('held') }),
      renamed: (_, ref) => clb('ModifyDomain', { ...ref, Domain: 'a.example', NewDomain: 'b.example' }),
      rule: ({ LocationId }, ref) => clb('DeleteRule', { ...ref, LocationIds: [LocationId] }),
      listener: (_, ref) => clb('DeleteListener', ref),
      balancer: (_, { LoadBalancerId }) => clb('DeleteLoadBalancer', { LoadBalancerIds: [LoadBalancerId] }),
    };
    for (const [name, change] of Object.entries(changes)) {
      const { ref, rule, visit } = await balancer();
      const place = await rule('a.example');
      await clb('RegisterFunctionTargets', { ...place, ...functionOf('held') });
      const flying = Array.from({ length: 4 }, () => visit('a.example'));
      await until(`${name}: all are in flight`, async () => latch.held.length === flying.length);
      await change(place, ref);
      latch.release();
      for (const answer of await Promise.all(flying)) {
        assert.deepEqual([answer.status, answer.body.toString()], [200, 'held'], name);
      }
    }
  });

  test('fail none of those that come meanwhile', async () => {
    using backend = await plain('server');
    const { ref, rule, visit } = await balancer();
    const kept = await rule('kept.example');
    await clb('RegisterFunctionTargets', { ...kept, ...functionOf('page') });
    const moving = await rule('moving.example');
    await clb('RegisterTargets', { ...moving, ...backend });
    let done = false;
    const seen = new Map<string, number>();
    const worker = async (domain: string) => {
      while (!done) {
        const { status, body } = await visit(domain);
        const key = `${domain} ${status} ${body}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    };
    const workers = [...Array.from({ length: 4 }, () => worker('kept.example')), worker('moving.example')];
    for (let round = 0; round < 10; round++) {
      const place = await rule(`r${round}.example`, '/x');
      await clb('RegisterFunctionTargets', { ...place, ...functionOf('page') });
      await clb('ModifyRule', { ...place, Url: '/y' });
      await clb('ModifyTargetWeight', { ...moving, ...backend, Weight: 1 + round });
      await clb('ModifyListener', { ...ref, ListenerName: `round-${round}` });
      await clb('DeleteRule', { ...ref, LocationIds: [place.LocationId] });
    }
    done = true;
    await Promise.all(workers);
    assert.deepEqual([...seen.keys()].sort(), ['kept.example 200 function', 'moving.example 200 server']);
  });
});

describe('HTTPS', () => {
  test('shows the certificate of CertificateId by the name that is asked for, and keeps it from removal', async () => {
    const certs = await Promise.all(['a.example', 'b.example'].map(name => makeCertificate({ names: [name] })));
    const ids: string[] = [];
    for (const { certificatePem, privateKeyPem } of certs) {
      const upload = { CertificatePublicKey: certificatePem, CertificatePrivateKey: privateKeyPem };
      ids.push(String((await client.cloud('ssl', 'UploadCertificate', upload)).CertificateId));
    }
    const { LoadBalancerId, vip, Port, rule } = await balancer({ Protocol: 'HTTPS', SniSwitch: 1 });
    for (const [n, name] of ['a.example', 'b.example'].entries()) {
      const Certificate = { SSLMode: 'UNIDIRECTIONAL', CertId: ids[n] };
      await clb('RegisterFunctionTargets', { ...(await rule(name, '/', { Certificate })), ...functionOf('event') });
    }
    for (const [n, name] of ['a.example', 'b.example'].entries()) {
      const answer = await ask(`https://${vip}:${Port}/`, {
        servername: name,
        ca: certs[n]?.certificatePem ?? '',
        headers: { Host: name },
      });
      const { headers } = JSON.parse(answer.body.toString()) as { headers: Record<string, string> };
      assert.deepEqual([headers.Host, headers['X-Forwarded-Proto']], [name, 'https']);
    }
    await assert.rejects(client.cloud('ssl', 'DeleteCertificate', { CertificateId: ids[0] ?? '' }), {
      code: 'FailedOperation.DeleteResourceFailed',
    });
    await clb('DeleteLoadBalancer', { LoadBalancerIds: [LoadBalancerId] });
    const { DeleteResult } = await client.cloud('ssl', 'DeleteCertificate', { CertificateId: ids[0] ?? '' });
    assert.equal(DeleteResult, true);
  });
});

test('listeners of TCP forward to servers, and refuse functions with the documented code', async () => {
  using backend = await plain('over tcp');
  const { ref, vip, Port } = await balancer({ Protocol: 'TCP' });
  await clb('RegisterTargets', { ...ref, ...backend });
  const socket = connect(Port, vip, () => socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  const chunks = await socket.toArray();
  assert.match(Buffer.concat(chunks as Buffer[]).toString(), /over tcp$/);
  await assert.rejects(clb('RegisterFunctionTargets', { ...ref, ...functionOf('page') }), {
    code: 'InvalidParameter.ProtocolCheckFailed',
  });
});
