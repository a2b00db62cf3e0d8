import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchOf, Refusal, runIn } from './fixture.ts';

const COMMANDS = [
  'start',
  'new',
  'deploy',
  'trigger',
  'event',
  'invoke',
  'logs',
  'ls',
  'rm',
  'doctor',
  'config',
  'ca',
  'time',
];

test('help names every command, in both languages', async () => {
  const en = await runIn('/', ['--help']);
  const zh = await runIn('/', ['--help', '--lang', 'zh']);
  assert.equal(en.status, 0);
  for (const name of COMMANDS) {
    assert.match(en.out, new RegExp(`^  ${name}\\b`, 'm'));
    assert.match(zh.out, new RegExp(`^  ${name}\\b`, 'm'));
  }
  assert.match(zh.out, /用法/);
  assert.equal((await runIn('/', [])).out, en.out);
});

test('every command has help of its own', async () => {
  for (const name of COMMANDS) {
    const { status, out } = await runIn('/', [name, '--help']);
    assert.equal(status, 0, name);
    assert.match(out, new RegExp(`Usage: openscf ${name}`), name);
  }
});

test('a command that wants another word shows its help', async () => {
  for (const name of ['trigger', 'time']) {
    const { status, note, out } = await runIn('/', [name]);
    assert.deepEqual([status, out], [2, '']);
    assert.match(note, new RegExp(`^Usage: openscf ${name} `));
    assert.doesNotMatch(note, /error/);
  }
});

test('every setting is a flag of start', async () => {
  const { out } = await runIn('/', ['start', '--help']);
  for (const flag of [
    '--port-api',
    '--dev [on|off]',
    '--quota-triggers-per-type',
    '--compat-timer-utc-offset',
    '--sandbox <auto|process|bwrap>',
  ]) {
    assert.ok(out.includes(flag), flag);
  }
});

test('a wrong call ends with 2 and says what is near', async () => {
  const flag = await runIn('/', ['start', '--port-ap', '1']);
  assert.equal(flag.status, 2);
  assert.match(flag.note, /--port-ap'.*Did you mean --port-api\?/);
  const command = await runIn('/', ['depoly'], { env: { LANG: 'zh_CN.UTF-8' } });
  assert.equal(command.status, 2);
  assert.match(command.note, /没有命令 depoly。是否想用 deploy？/);
  const argument = await runIn('/', ['logs', '--lang=zh']);
  assert.match(argument.note, /缺少参数 function/);
  assert.equal((await runIn('/', ['logs', '--lang=fr'])).status, 2);
});

test('a wrong setting ends with 1', async () => {
  const { status, note } = await runIn('/', ['config', '--port-api', 'x']);
  assert.equal(status, 1);
  assert.match(note, /^error: --port-api: portApi must be a whole number/);
  assert.match((await runIn('/', ['config'], { env: { OPENSCF_PROT_API: '1' } })).note, /OPENSCF_PORT_API/);
});

test('without a server one line says how to start one', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-cli-'));
  t.after(() => rm(cwd, { recursive: true }));
  for (const args of [
    ['ls', '--port-api', '1'],
    ['ls'],
    ['invoke', 'f'],
    ['rm', 'f', '--endpoint', 'http://127.0.0.1:1', '--secret-id', 'AKIDtest', '--secret-key', 'secretkey'],
  ]) {
    const { status, note, out } = await runIn(cwd, args);
    if (args[1] === '--port-api') {
      // Only commands that start or look at a server take its settings.
      assert.equal(status, 2);
      continue;
    }
    assert.equal(status, 1);
    assert.equal(out, '');
    assert.match(note, /No OpenSCF is running at http:\/\/127\.0\.0\.1:\d+\. Start one with "openscf start"/);
  }
});

test('an endpoint that is none, and one that is no OpenSCF, are told', async t => {
  const { cwd } = await benchOf(t, {});
  assert.match((await runIn(cwd, ['--data', '.', '--endpoint', 'nonsense', 'ls'])).note, /looks like http/);
  const bench = await benchOf(t, { 'GET /_openscf/v1/urls': 'no object' });
  assert.match((await bench.run(['ls'])).note, /not one of OpenSCF \(HTTP 200\)/);
  // As a gateway answers.
  const edge = createServer((_, response) => response.writeHead(404).end('{"message":"There is no api match"}'));
  await new Promise<void>(resolve => edge.listen(0, '127.0.0.1', resolve));
  t.after(() => edge.close());
  const endpoint = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
  assert.match((await bench.run(['cos', 'ls', '--endpoint', endpoint])).note, /not one of OpenSCF \(HTTP 404\)/);
});

test('the endpoint comes from the flag, the environment, then the data folder', async t => {
  const answers = (mark: string) => ({ 'GET /_openscf/v1/urls': { functions: [], mark } });
  const [a, b, c] = [await benchOf(t, answers('a')), await benchOf(t, answers('b')), await benchOf(t, answers('c'))];
  const env = { OPENSCF_ENDPOINT: b.endpoint };
  assert.match((await a.run(['ls', '--json'])).out, /"a"/);
  assert.match((await a.run(['ls', '--json'], { env })).out, /"b"/);
  assert.match((await a.run(['ls', '--json', '--endpoint', c.endpoint], { env })).out, /"c"/);
});

test('calls of the Cloud API are signed, our own bring the token, and the language is told', async t => {
  const bench = await benchOf(t, { DeleteFunction: {}, 'GET /_openscf/v1/urls': { functions: [] } });
  await bench.run(['rm', 'f', '--region', 'ap-shanghai']);
  await bench.run(['ls', '--lang', 'zh']);
  const [rm, ls] = bench.asked;
  assert.match(
    rm?.headers.authorization ?? '',
    /^TC3-HMAC-SHA256 Credential=AKIDtest\/\d{4}-\d\d-\d\d\/scf\/tc3_request, SignedHeaders=content-type;host, Signature=[0-9a-f]{64}$/,
  );
  assert.equal(rm?.headers['x-tc-region'], 'ap-shanghai');
  assert.equal(rm?.headers['x-tc-version'], '2018-04-16');
  assert.equal(rm?.headers['x-tc-language'], 'en-US');
  assert.equal(ls?.headers.authorization, 'Bearer the-token');
  assert.equal(ls?.headers['x-tc-language'], 'zh-CN');
});

test('without a token our own calls are signed', async t => {
  const bench = await benchOf(t, { 'GET /_openscf/v1/urls': { functions: [] } });
  await rm(join(bench.cwd, 'token'));
  assert.equal((await bench.run(['ls'])).status, 0);
  assert.match(bench.asked[0]?.headers.authorization ?? '', /^TC3-HMAC-SHA256 /);
});

test('without keys the place where they were looked for is named', async t => {
  const bench = await benchOf(t, {});
  await rm(join(bench.cwd, 'credentials.json'));
  assert.match((await bench.run(['rm', 'f'])).note, /credentials\.json does not exist.*--secret-id/);
  assert.equal(bench.asked.length, 0);
});

test('a refusal of the server is told with its code and request id', async t => {
  const bench = await benchOf(t, { DeleteFunction: new Refusal('ResourceNotFound.Function', 'no such {thing}') });
  const { status, note } = await bench.run(['rm', 'f']);
  assert.equal(status, 1);
  assert.equal(note, 'error: ResourceNotFound.Function: no such {thing} (RequestId req-1)\n');
});

test('config shows values and where they came from, and masks secrets', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-cli-'));
  t.after(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'openscf.yml'), 'portHttp: 8080\nsecretId: AKIDfromfile\n');
  const env = { OPENSCF_SECRET_KEY: 'hush-hush' };
  const { out } = await runIn(cwd, ['config', '--dev'], { env });
  assert.match(out, /^dev +on +--dev$/m);
  assert.match(out, /^portHttp +8080 +\S+openscf\.yml:1$/m);
  assert.match(out, /^secretKey +\*{6} +OPENSCF_SECRET_KEY$/m);
  assert.match(out, /^portCos +9701 +default$/m);
  assert.ok(!out.includes('hush') && !out.includes('AKID'));
  const { out: shown } = await runIn(cwd, ['config', '--show-secrets', '--json'], { env });
  const { settings } = JSON.parse(shown) as { settings: { name: string; value: unknown; from: string }[] };
  assert.deepEqual(settings.find(one => one.name === 'secretKey')?.value, 'hush-hush');
  assert.equal(settings.find(one => one.name === 'quota.functions')?.value, 50);
});

test('another settings file can be named, and has to be there', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-cli-'));
  t.after(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'other.yml'), 'lang: zh\n');
  assert.match((await runIn(cwd, ['config', '--config', 'other.yml'])).out, /默认/);
  assert.match(
    (await runIn(cwd, ['config'], { env: { OPENSCF_CONFIG: 'none.yml' } })).note,
    /none\.yml cannot be read/,
  );
});
