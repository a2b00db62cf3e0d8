// The examples whose packages come from a registry: installed in a copy by the lines of their READMEs, deployed by the
// command line, called by function URL and through API Gateway.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runIn } from '../../src/cli/fixture.ts';
import { ask } from '../fixture.ts';
import { startTestServer, type TestServer } from '../harness.ts';
import { cleanEnv, sh } from './npm.ts';

const base = await mkdtemp(join(tmpdir(), 'openscf-apps-'));
let server: TestServer;
before(async () => {
  server = await startTestServer({ memory: 4096 });
});
after(async () => {
  await server.close();
  await rm(base, { recursive: true, force: true });
});

const cli = async (...args: string[]) => {
  const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
  assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
  return run.out;
};

const env = cleanEnv();
const works = (command: string, ...args: string[]) => spawnSync(command, args, { env, timeout: 60_000 }).status === 0;
const npm = works('npm', 'view', 'express', 'version') ? false : 'npm is missing or its registry cannot be reached';

/** pip of the machine, else of a virtual environment. */
function pipEnv(): NodeJS.ProcessEnv | undefined {
  if (works('pip', '--version')) return env;
  const venv = join(base, 'venv');
  if (!works('python3', '-m', 'venv', venv)) return undefined;
  return { ...env, PATH: [join(venv, 'bin'), env.PATH].join(delimiter) };
}
const withPip = pipEnv();
const pip = () => {
  if (!withPip) return 'there is neither pip nor python3 with its venv module (apt-get install python3-venv)';
  const args = ['download', '--quiet', '--no-deps', '--dest', join(base, 'pip'), 'Flask==3.1.2'];
  const { status } = spawnSync('pip', args, { env: withPip, timeout: 60_000 });
  return status === 0 ? false : 'the Python package index cannot be reached';
};

const GATEWAY = `    - apigw:
        parameters:
          serviceName: apps_%
          protocols: [http, https]
          environment: release
          endpoints:
            - path: /
              method: ANY
`;

/** What its README says before `openscf deploy`. */
async function installed(name: string): Promise<string> {
  const dir = join(base, name);
  await cli('new', name, dir);
  const readme = await readFile(join(dir, 'README.md'), 'utf8');
  const lines = [...readme.matchAll(/^ {4}(\S.*)$/gm)].map(one => String(one[1]));
  const end = lines.indexOf('openscf deploy .');
  assert.ok(end > 0, readme);
  for (const line of lines.slice(0, end)) await sh(dir, withPip ?? env, 'sh', '-c', line);
  await appendFile(join(dir, 'serverless.yml'), GATEWAY.replace('%', name));
  return dir;
}

interface App {
  readonly name: string;
  readonly skip: string | false;
  readonly check: (at: string) => Promise<void>;
}

const json = async (response: Response) => [response.status, await response.json()];
const send = (method: string, body: unknown) => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
const upload = randomBytes(5 * 2 ** 20);

/** Its first line comes well before its last one. */
async function comesBitByBit(url: string): Promise<void> {
  const response = await fetch(url);
  let text = '';
  let pieces = 0;
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    pieces++;
  }
  assert.equal(text, '3\n2\n1\nlift-off\n');
  assert.ok(pieces > 1, 'it came in one piece');
}

const APPS: readonly App[] = [
  {
    name: 'express',
    skip: npm,
    async check(at) {
      const page = await fetch(`${at}/`);
      assert.equal(await page.text(), 'Hello from Express');
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(page.headers.get('x-powered-by'), 'Express');
      assert.deepEqual(await json(await fetch(`${at}/users/7?a=1&a=2`)), [200, { id: '7', query: { a: ['1', '2'] } }]);
      const made = await fetch(`${at}/users`, send('POST', { name: '艾达' }));
      assert.equal(made.headers.get('location'), '/users/1');
      assert.deepEqual(await json(made), [201, { name: '艾达' }]);
      assert.equal((await fetch(`${at}/away`, { redirect: 'manual' })).status, 302);
      assert.equal((await fetch(`${at}/nowhere`)).status, 404);
      assert.equal((await fetch(`${at}/users`, send('POST', 'x'.repeat(200_000)))).status, 413, "the app's own limit");
      const file = await fetch(`${at}/files/a.bin`, { method: 'PUT', body: upload });
      assert.deepEqual(await json(file), [200, { name: 'a.bin', bytes: upload.length }]);
      // Its length is not known before: it goes in chunks.
      const chunks = new ReadableStream({
        start(to) {
          for (let i = 0; i < 50; i++) to.enqueue(new Uint8Array(1000));
          to.close();
        },
      });
      const streamed = await fetch(`${at}/files/b`, { method: 'PUT', body: chunks, duplex: 'half' } as RequestInit);
      assert.deepEqual(await json(streamed), [200, { name: 'b', bytes: 50_000 }]);
      // fetch asks for a fresh one as soon as it is given a condition.
      const again = await ask(`${at}/`, { headers: { 'If-None-Match': page.headers.get('etag') ?? '' } });
      assert.deepEqual([again.status, again.body.length], [304, 0]);
    },
  },
  {
    name: 'koa',
    skip: npm,
    async check(at) {
      const answer = await fetch(`${at}/cookie?x=1`);
      assert.match(answer.headers.get('x-response-time') ?? '', /^\d+ms$/);
      assert.match(answer.headers.get('set-cookie') ?? '', /^seen=yes/);
      assert.deepEqual(await json(answer), [200, { hello: 'Koa', path: '/cookie', query: { x: '1' } }]);
      await comesBitByBit(`${at}/countdown`);
      const head = await fetch(`${at}/`, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
    },
  },
  {
    name: 'flask',
    skip: pip(),
    async check(at) {
      assert.equal(await (await fetch(`${at}/`)).text(), 'Hello from Flask');
      assert.deepEqual(await json(await fetch(`${at}/sum`, send('POST', { numbers: [1, 2, 3.5] }))), [
        200,
        { sum: 6.5 },
      ]);
      assert.equal((await fetch(`${at}/sum`)).status, 405);
      const file = await fetch(`${at}/files/a.bin`, { method: 'PUT', body: upload });
      assert.deepEqual(await json(file), [200, { name: 'a.bin', bytes: upload.length }]);
      await comesBitByBit(`${at}/countdown`);
    },
  },
  {
    name: 'next',
    skip: npm,
    async check(at) {
      const page = await (await fetch(`${at}/?name=<Ada>`)).text();
      assert.match(page, /<h1>Hello from (<!-- -->)?&lt;Ada&gt;<\/h1>/);
      const script = /src="(\/_next\/static\/[^"]+\.js)"/.exec(page)?.[1];
      assert.ok(script, page);
      const asset = await fetch(`${at}${script}`);
      assert.equal(asset.status, 200);
      assert.match(asset.headers.get('content-type') ?? '', /javascript/);
      assert.ok((await asset.text()).length > 100);
      const echo = await fetch(`${at}/api/echo?q=1`, send('PATCH', { a: '键' }));
      assert.deepEqual(await json(echo), [200, { method: 'PATCH', query: { q: '1' }, body: { a: '键' } }]);
      assert.equal((await fetch(`${at}/nowhere`)).status, 404);
    },
  },
];

for (const { name, skip, check } of APPS)
  describe(name, { skip }, () => {
    let urls: readonly string[] = [];
    before(async () => {
      const dir = await installed(name);
      urls = (JSON.parse(await cli('--json', 'deploy', dir)) as { urls: string[] }).urls;
    });

    test('by its function URL', async () => {
      const at = urls.find(url => url.includes('/_url/'));
      assert.ok(at, urls.join());
      await check(at.replace(/\/$/, ''));
    });
    test('through API Gateway', async () => {
      const at = urls.find(url => url.includes('/_apigw/'));
      assert.ok(at, urls.join());
      await check(at.replace(/\/$/, ''));
    });
  });
