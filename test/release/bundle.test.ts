// The package as it would be published: packed, installed into an empty folder, used.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type Program, ROOT, startProgram } from '../program.ts';
import { cleanEnv, sh } from './npm.ts';

const base = await mkdtemp(join(tmpdir(), 'openscf-bundle-'));
after(() => rm(base, { recursive: true, force: true }));
const home = join(base, 'home');
await mkdir(home);

// The newest Node.js of the machine may be older than the program needs.
const env = cleanEnv();
env.PATH = [dirname(process.execPath), env.PATH].join(delimiter);
const npx = (...args: string[]) => sh(home, env, 'npx', '--no-install', 'openscf', ...args);

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;
let server: Program | undefined;
after(() => server?.stop());

test('npm pack builds the bundle and takes no source along', async () => {
  const out = await sh(ROOT, env, 'npm', 'pack', '--json', '--pack-destination', base);
  [packed] = JSON.parse(out.slice(out.indexOf('['))) as [Packed];
  const paths = packed.files.map(one => one.path);
  for (const path of ['package.json', 'LICENSE', 'README.md', 'dist/openscf.js', 'dist/examples/hello-node/index.js']) {
    assert.ok(paths.includes(path), `${path} is not in the package`);
  }
  assert.deepEqual(
    paths.filter(path => /^(src|test|bench)\/|\.test\./.test(path)),
    [],
  );
});

test('it installs into an empty folder without what is for development', async () => {
  await writeFile(join(home, 'package.json'), '{"private":true}\n');
  await sh(home, env, 'npm', 'install', '--omit=dev', '--no-audit', '--no-fund', join(base, packed.filename));
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await npx('--version')).trim(), version);
});

test('it starts, and is healthy', async () => {
  const command = [join(home, 'node_modules', '.bin', 'openscf')];
  server = await startProgram({ command, dataDir: join(home, '.openscf'), cwd: home, env });
  const response = await fetch(`${server.endpoint}/healthz`);
  assert.equal(response.status, 200);
});

for (const [template, runtime] of [
  ['hello-node', 'Nodejs'],
  ['hello-python', 'Python'],
] as const) {
  test(`its command line makes, deploys and calls ${template}`, async () => {
    await npx('new', template, `my-${template}`);
    assert.match(await npx('deploy', `my-${template}`), new RegExp(`^Created my-${template} \\(${runtime}`));
    const answer = JSON.parse(await npx('invoke', `my-${template}`, '-d', '{"name":"Ada"}')) as { greeting: string };
    assert.equal(answer.greeting, 'Hello, Ada!');
  });
}

test('SIGTERM stops it, with exit code 0, and the port is free', async () => {
  assert.ok(server);
  const { endpoint, stop } = server;
  server = undefined;
  await stop();
  await assert.rejects(fetch(`${endpoint}/healthz`));
});
