// The package as it would be published: packed, installed into an empty folder, used.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { probeBwrap } from '../../src/runtime/sandbox/bwrap/probe.ts';
import { type Program, ROOT, startProgram } from '../program.ts';
import { cleanEnv, sh } from './npm.ts';

const base = await mkdtemp(join(tmpdir(), 'openscf-bundle-'));
after(() => rm(base, { recursive: true, force: true }));
const home = join(base, 'home');
await mkdir(home);

// The newest Node.js of the machine may be older than the program needs.
const env = cleanEnv();
env.PATH = [dirname(process.execPath), env.PATH].join(delimiter);
const sandboxes = 'missing' in (await probeBwrap()) ? ['process'] : ['bwrap', 'process'];
/** The oldest that package.json allows. */
const OLDEST = '22.22.0';
const platform = `${process.platform}-${process.arch}`;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;
let server: Program | undefined;
after(() => server?.stop());

/** What stands beside the bundle: programs, and the bootstraps of all languages. */
function beside(): string[] {
  const runtime = join(ROOT, 'src', 'runtime');
  const bootstraps = readdirSync(join(runtime, 'languages'), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(cjs|py)$/.test(name))
    .map(name => `dist/runtime/${name}`);
  const native = ['linux-x64', 'linux-arm64', 'SHA256SUMS', 'COPYRIGHT.musl'].map(
    name => `dist/sandbox/native/${name}`,
  );
  return [...bootstraps, ...native];
}

test('npm pack builds the bundle, with all that it reads, and takes no source along', async () => {
  const out = await sh(ROOT, env, 'npm', 'pack', '--json', '--pack-destination', base);
  [packed] = JSON.parse(out.slice(out.indexOf('['))) as [Packed];
  const paths = packed.files.map(one => one.path);
  const programs = ['dist/openscf.js', 'dist/events-thread.js', 'dist/objects-thread.js', 'dist/sums-thread.js'];
  const top = ['package.json', 'LICENSE', 'README.md', ...programs, 'dist/examples/hello-node/index.js'];
  const wanted = [...top, ...beside()];
  assert.ok(wanted.includes('dist/runtime/python/bootstrap.py') && wanted.includes('dist/runtime/node/bootstrap.cjs'));
  for (const path of wanted) assert.ok(paths.includes(path), `${path} is not in the package`);
  assert.deepEqual(
    paths.filter(path => /^(src|test|bench)\/|\.test\./.test(path)),
    [],
  );
});

test('it installs into an empty folder without what is for development', async () => {
  await writeFile(join(home, 'package.json'), '{"private":true}\n');
  await sh(home, env, 'npm', 'install', '--omit=dev', '--no-audit', '--no-fund', join(base, packed.filename));
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await sh(home, env, 'npx', '--no-install', 'openscf', '--version')).trim(), version);
  const installed = join(home, 'node_modules', 'openscf', 'dist', 'sandbox', 'native');
  const sums = await readFile(join(installed, 'SHA256SUMS'), 'utf8');
  for (const name of ['linux-x64', 'linux-arm64']) {
    const program = await readFile(join(installed, name));
    const sum = createHash('sha256').update(program).digest('hex');
    assert.match(sums, new RegExp(`^${sum} +${name}$`, 'm'));
    accessSync(join(installed, name), constants.X_OK);
  }
});

for (const sandbox of sandboxes)
  describe(`with sandbox ${sandbox}`, () => uses(join(home, sandbox), sandbox, () => env));

describe(`on Node.js ${OLDEST}`, () => {
  const old = { ...env };
  test('which is installed', async () => {
    // The program alone: the package `node` would have to run a script to bring it.
    const name = `node-${platform === 'darwin-arm64' ? 'bin-' : ''}${platform}`;
    await sh(base, env, 'npm', 'install', '--no-audit', '--no-fund', `--prefix=${base}/old`, `${name}@${OLDEST}`);
    const bin = join(base, 'old', 'node_modules', name, 'bin');
    old.PATH = [bin, env.PATH].join(delimiter);
    assert.equal((await sh(home, old, 'node', '--version')).trim(), `v${OLDEST}`);
  });
  uses(join(home, 'old'), sandboxes[0] ?? '', () => old);
});

/** From the start to the end of a server, by the command line. */
function uses(dir: string, sandbox: string, envOf: () => NodeJS.ProcessEnv): void {
  const npx = (...args: string[]) => sh(dir, envOf(), 'npx', '--no-install', 'openscf', ...args);

  test('it starts, is healthy, and says where functions run', async () => {
    await mkdir(dir, { recursive: true });
    const command = [join(home, 'node_modules', '.bin', 'openscf')];
    const flags = ['--sandbox', sandbox];
    server = await startProgram({ command, dataDir: join(dir, '.openscf'), cwd: dir, env: envOf(), flags });
    const response = await fetch(`${server.endpoint}/healthz`);
    assert.equal(response.status, 200);
    const { node, driver } = JSON.parse(await npx('doctor', '--json')).server;
    assert.equal(driver.name, sandbox);
    assert.equal(`v${node}`, (await sh(dir, envOf(), 'node', '--version')).trim());
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
}
