import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type FakeRegistry, fakeRegistry, nodePackage } from '../runtime/installs/testing.ts';
import { runIn } from './fixture.ts';

/** A version that no machine has. */
const RUNTIME = 'Nodejs19.1';
const NAME = `node-linux-${process.arch}`;

let cwd: string;
let fake: FakeRegistry;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'openscf-cli-'));
  fake = await fakeRegistry();
});
afterEach(async () => {
  await fake[Symbol.asyncDispose]();
  await rm(cwd, { recursive: true, force: true });
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runIn(cwd, ['--data', '.', 'runtime', ...args], { env: { npm_config_registry: fake.url, ...env } });

const onLinux = { skip: process.platform !== 'linux' && 'the registry of these tests has packages for Linux alone' };

test('install, ls and rm, without a server', onLinux, async () => {
  fake.publish(NAME, '19.1.0', await nodePackage('19.1.0'));
  const path = join(cwd, 'runtimes', 'nodejs-19.1.0', 'bin', 'node');
  const installed = await run(['install', RUNTIME, '--no-libraries']);
  assert.deepEqual(installed, {
    status: 0,
    out: `${RUNTIME}: 19.1.0  ${path}\n`,
    note: 'fetching Node.js 19.1.0\nNode.js 19.1.0 is installed\n',
  });
  assert.match((await run(['ls'])).out, /^Nodejs18\.15 .*\/2 libraries/m);
  const again = JSON.parse((await run(['install', RUNTIME, '--no-libraries', '--json'])).out);
  assert.deepEqual(again, { installed: [{ runtime: RUNTIME, version: '19.1.0', path, exact: true }] });
  assert.match((await run(['rm', RUNTIME])).out, /^Removed Nodejs19\.1, 1 MB freed\n$/);
  assert.match((await run(['rm', RUNTIME])).out, /^There is nothing of Nodejs19\.1/);
  assert.deepEqual(JSON.parse((await run(['rm', RUNTIME, '--json'])).out), {
    removed: [{ runtime: RUNTIME, bytes: 0 }],
  });
});

test('the registry of the flag goes before npm’s', onLinux, async () => {
  const { status, note } = await run(['install', RUNTIME, '--no-libraries', '--registry', fake.url], {
    npm_config_registry: 'http://127.0.0.1:1/',
  });
  assert.equal(status, 1);
  assert.match(note, /has no Nodejs19\.1 for this machine/);
  assert.deepEqual(fake.asked, [`/${NAME}`]);
});

test('one that cannot be installed does not keep the others from it', onLinux, async () => {
  fake.publish(NAME, '19.1.0', await nodePackage('19.1.0'));
  const { status, out, note } = await run(['install', 'Ruby3', RUNTIME, '--no-libraries']);
  assert.equal(status, 1);
  assert.match(out, /^Nodejs19\.1: 19\.1\.0/);
  assert.match(note, /^error: There is no runtime Ruby3 to install; use one of Nodejs6\.10/);
});

test('libraries are installed with npm, and what is left out is named', onLinux, async () => {
  fake.publish(NAME, '19.1.0', await nodePackage('19.1.0'));
  const npm = join(cwd, 'npm-cli.js');
  await writeFile(
    npm,
    `const fs = require('fs'); const args = process.argv.slice(2);
     if (args.includes('cos-nodejs-sdk-v5@latest')) {
       console.error("npm error 404  The requested resource 'cos-nodejs-sdk-v5@latest' could not be found"); process.exit(1);
     }
     fs.mkdirSync(args[args.indexOf('--prefix') + 1] + '/node_modules', { recursive: true });`,
  );
  const { status, out } = await run(['install', RUNTIME], { npm_execpath: npm });
  assert.equal(status, 0);
  assert.match(out, /^ {2}1 libraries: tencentcloud-sdk-nodejs$/m);
  assert.match(out, /^ {2}left out: cos-nodejs-sdk-v5 \(npm error 404 .*could not be found\)$/m);
});

test('ls as JSON and in Chinese', async () => {
  const place = join(cwd, 'runtimes', 'nodejs-18.15.0', 'bin', 'node');
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, 'x');
  const { runtimes } = JSON.parse((await run(['ls', '--json'])).out);
  const row = runtimes.find((one: { runtime: string }) => one.runtime === 'Nodejs18.15');
  assert.deepEqual(row, {
    runtime: 'Nodejs18.15',
    version: '18.15.0',
    path: place,
    exact: true,
    libraries: 0,
    stock: 2,
    bytes: 1,
  });
  assert.match((await run(['ls', '--lang', 'zh'])).out, /^Nodejs18\.15 +18\.15\.0 +一致 +0\/2 个依赖库 +1 MB/m);
  assert.deepEqual(fake.asked, []);
});
