import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { SystemClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { type FakeRegistry, fakeRegistry } from '../installs/testing.ts';
import { type Languages, type LanguagesDeps, openLanguages, runtimesDir } from './index.ts';

let dataDir: string;
let fake: FakeRegistry;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'languages-'));
  fake = await fakeRegistry();
});
afterEach(async () => {
  await fake[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const open = (runtimes: LanguagesDeps['runtimes']) =>
  openLanguages({ dataDir, clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG, runtimes, registry: fake.url });

/** A version that no machine has. */
const RUNTIME = 'Nodejs19.1';

async function chosen(languages: Languages, runtime: string) {
  const language = languages.of(runtime);
  assert.ok(!('refused' in language));
  return language.choose(runtime);
}

test('auto asks the registry, installed does not', async () => {
  await chosen(open('installed'), RUNTIME);
  assert.deepEqual(fake.asked, []);
  const { note } = await chosen(open('auto'), RUNTIME);
  assert.equal(fake.asked.length, 1);
  assert.match(note, /^\[PLATFORM\] Nodejs19\.1 is not installed/);
});

test('what lies in the data folder is used, libraries too', async () => {
  const bin = join(runtimesDir(dataDir), 'nodejs-19.1.0', 'bin');
  const modules = join(runtimesDir(dataDir), RUNTIME, 'lib', 'node_modules');
  await mkdir(bin, { recursive: true });
  await mkdir(modules, { recursive: true });
  await writeFile(join(bin, 'node'), '');
  const languages = open('auto');
  assert.deepEqual(await chosen(languages, RUNTIME), {
    interpreter: { path: join(bin, 'node'), version: '19.1.0' },
    note: '',
    libraries: join(modules, '..'),
  });
  assert.equal(await languages.note(RUNTIME), '');
  assert.deepEqual(fake.asked, []);
});

test('the note of a runtime that runs on another version, and none of what does not run', async () => {
  const languages = open('auto');
  assert.match(await languages.note(RUNTIME), /^Nodejs19\.1 is not installed; the function runs on Node\.js \d/);
  assert.equal(await languages.note('Go1'), '');
  assert.deepEqual(fake.asked, []);
});

test('the first call of a runtime waits for its interpreter, the others do not', async () => {
  const languages = open('auto');
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  fake.answer = async () => {
    await released;
    return false;
  };
  let over = false;
  const [first, second] = [languages.ready(RUNTIME), languages.ready(RUNTIME)];
  assert.ok(first && first === second);
  void first.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  assert.equal(over, false);
  release();
  await first;
  assert.equal(languages.ready(RUNTIME), undefined);
  assert.equal(languages.ready('Go1'), undefined);
  assert.equal(fake.asked.length, 1);
});

test('prefetching never fails; closing gives it up', async () => {
  const languages = open('auto');
  languages.prefetch('Go1');
  languages.prefetch('Python3.9');
  const asked = new Promise<void>(resolve => {
    fake.answer = () => {
      resolve();
      return true;
    };
  });
  languages.prefetch(RUNTIME);
  await asked;
  languages.close();
  assert.deepEqual(fake.asked.length, 1);
});
