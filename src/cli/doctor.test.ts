import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { benchOf, runIn } from './fixture.ts';

const DOCTOR = {
  version: '1',
  node: '24',
  driver: { name: 'process', notes: ['weaker'] },
  load: { instances: 2, prepared: 5, waiting: 1, usedMB: 256, memoryMB: 4096 },
  cloudNames: 'lead here',
  functions: { all: 7, web: 2 },
  runtimes: [{ runtime: 'Nodejs18.15', works: true, detail: 'exact' }],
  otherStores: { accepted: 0, ignored: 0, unmapped: {} },
  missed: [{ service: 'scf', action: 'PublishLayerVersion', calls: 3, lastAt: 0 }],
};
const PORTS = { portApi: 1, portCos: 2, portHttp: 3, portTls: 4 };

const answers = (objects?: object, ports: object = PORTS) => ({
  'GET /_openscf/v1/status': { ports },
  'GET /_openscf/v1/doctor': { ...DOCTOR, ...(objects && { objects }) },
});

async function taken(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('doctor tells what the server found', async t => {
  const bench = await benchOf(t, answers());
  const { status, out } = await bench.run(['doctor']);
  assert.equal(status, 0);
  assert.match(out, /sandbox: process\n {2}weaker/);
  assert.match(out, /^instances: 2, taking 256 of 4096 MB .*; sandboxes prepared: 5; events waiting: 1$/m);
  assert.match(out, /^functions: 7, 2 of them web functions$/m);
  assert.match(out, /^objects: not looked through yet/m);
  assert.doesNotMatch(out, /other object stores/);
  assert.match(out, /^cloud names: lead here$/m);
  assert.match(out, /Nodejs18\.15 +works +exact/);
  assert.match(out, /scf:PublishLayerVersion +3×/);
});

test('ports are those of the server that runs, and others that were set are judged beside them', async t => {
  const bench = await benchOf(t, answers());
  const port = await taken(t);
  const rows = (out: string) =>
    out
      .split('\n')
      .filter(line => /^port[A-Z]/.test(line))
      .map(line => line.split(/ {2,}/));
  assert.deepEqual(rows((await bench.run(['doctor'])).out), [
    ['portApi', '1', 'this server'],
    ['portCos', '2', 'this server'],
    ['portHttp', '3', 'this server'],
    ['portTls', '4', 'this server'],
  ]);
  await writeFile(join(bench.cwd, 'openscf.yml'), 'portTls: 4\n');
  const set = ['doctor', '--port-api', String(port), '--port-http', '0'];
  assert.deepEqual(rows((await bench.run(set)).out), [
    ['portApi', '1', 'this server'],
    ['portApi', String(port), 'taken by another program'],
    ['portCos', '2', 'this server'],
    ['portHttp', '3', 'this server'],
    ['portTls', '4', 'this server'],
  ]);
  const { ports } = JSON.parse((await bench.run([...set, '--json'])).out) as { ports: object[] };
  assert.deepEqual(ports.slice(0, 2), [
    { setting: 'portApi', port: 1, own: true, free: false },
    { setting: 'portApi', port, own: false, free: false },
  ]);
  assert.match((await bench.run(['doctor', '--lang', 'zh'])).out, /^portCos +2 +本服务$/m);
});

test('a port that the server has not opened is judged as one that is to be', async t => {
  const { portTls: _, ...others } = PORTS;
  const bench = await benchOf(t, answers(undefined, { ...others, portCos: 0 }));
  const port = await taken(t);
  const { out } = await bench.run(['doctor', '--port-tls', String(port), '--port-cos', '0']);
  assert.match(out, new RegExp(`^portTls +${port} +taken by another program$`, 'm'));
  assert.match(out, /^portCos +0 +free$/m);
});

test('doctor works without a server, and looks at the ports of the settings', async t => {
  const { cwd } = await benchOf(t, {});
  const port = await taken(t);
  const nowhere = ['--data', 'empty', '--endpoint', 'http://127.0.0.1:1', '--port-tls', '0', '--port-http', `${port}`];
  const { status, out } = await runIn(cwd, ['doctor', ...nowhere]);
  assert.equal(status, 0);
  assert.match(out, /No server is running/);
  assert.match(out, new RegExp(`^portHttp +${port} +taken by another program$`, 'm'));
  assert.match(out, /^portTls +0 +free$/m);
  assert.match((await runIn(cwd, ['doctor', ...nowhere, '--lang', 'zh'])).out, /服务没有运行/);
});

const AT = Date.UTC(2026, 0, 1);
const WHOLE = { checked: 12, damaged: 0, unchecked: 0, begunAt: AT - 1000, endedAt: AT, found: [], parts: [] };

test('doctor names damaged objects, when they were looked through, and what was done after a crash', async t => {
  const whole = await benchOf(t, answers(WHOLE));
  assert.match(
    (await whole.run(['doctor'])).out,
    /^objects: last looked through until 2026-01-01T00:00:00\.000Z; 12 checked, 0 damaged\n\n/m,
  );
  const found = [
    { bucket: 'b-1', key: 'a b/中', versionId: 'null' },
    { bucket: 'b-1', key: 'x\n', versionId: 'MTg0' },
  ];
  const { endedAt: _, ...begun } = WHOLE;
  const afterCrash = { checked: 4, damaged: 1, unchecked: 0 };
  const broken = await benchOf(t, answers({ ...begun, damaged: 2, unchecked: 3, found, afterCrash }));
  const { out } = await broken.run(['doctor']);
  assert.match(
    out,
    /^objects: being looked through since 2025-12-31T23:59:59\.000Z; 12 checked, 2 damaged, 3 that could not be checked .*\n {2}those written last before a crash: 4 checked, 1 damaged\n {2}damaged, .*openscf cos rm\):\n {4}cos:\/\/b-1\/a b\/中\n {4}cos:\/\/b-1\/x\\u000a {2}--version-id MTg0\n/m,
  );
  const { out: zh } = await broken.run(['doctor', '--lang', 'zh']);
  assert.match(zh, /^对象: 自 2025-12-31T23:59:59\.000Z 起核对中; 核对 12 个，损坏 2 个，3 个无法核对/m);
  assert.match(zh, /崩溃前最后写入的对象: 核对 4 个，损坏 1 个\n {2}已损坏/);
  const { server } = JSON.parse((await broken.run(['doctor', '--json'])).out) as { server: { objects: object } };
  assert.deepEqual(server.objects, { ...begun, damaged: 2, unchecked: 3, found, afterCrash });
});

test('doctor names what readers have met, also where nothing is looked through', async t => {
  const found = [{ bucket: 'b-1', key: 'a', versionId: 'null' }];
  const { begunAt: _, endedAt: _ended, ...never } = WHOLE;
  const bench = await benchOf(t, answers({ ...never, found }));
  const { out } = await bench.run(['doctor']);
  assert.match(out, /^objects: not looked through yet .*\n {2}damaged, .*:\n {4}cos:\/\/b-1\/a\n/m);
});

test('doctor names damaged parts, and what is lost of other stores', async t => {
  const parts = [{ bucket: 'b-1', key: 'big', uploadId: 'u1', number: 7 }];
  const otherStores = { accepted: 12, ignored: 3, unmapped: { 'their\nbucket': 5 } };
  const { 'GET /_openscf/v1/doctor': doctor, ...others } = answers({ ...WHOLE, damaged: 1, parts });
  const bench = await benchOf(t, { ...others, 'GET /_openscf/v1/doctor': { ...doctor, otherStores } });
  const { out } = await bench.run(['doctor']);
  assert.match(out, /\n {2}damaged parts .*send them again:\n {4}cos:\/\/b-1\/big {2}partNumber=7 {2}uploadId=u1\n/);
  assert.match(
    out,
    /^events of other object stores: 12 accepted, 3 ignored.*\n {2}dropped, as the setting s3\.buckets .*:\n {4}their\\u000abucket {2}5×\n/m,
  );
  const { out: zh } = await bench.run(['doctor', '--lang', 'zh']);
  assert.match(zh, /^其他对象存储的事件: 已接收 12 个，忽略 3 个/m);
  assert.match(zh, /\n {2}未完成的分块上传中已损坏的分块/);
});
