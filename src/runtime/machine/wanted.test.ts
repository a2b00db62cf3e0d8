import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptLog } from '../../core/fixture.ts';
import type { FunctionVersion } from '../../core/function.ts';
import type { SandboxSpec } from '../sandbox/driver.ts';
import { VERSION } from '../testing.ts';
import { wantedKinds } from './wanted.ts';

type Generic = (version: FunctionVersion) => Promise<SandboxSpec | undefined>;

function specOf({ runtime, memoryMB }: FunctionVersion): SandboxSpec {
  return { command: runtime, args: [], env: {}, shows: [], memoryMB, network: 'shared' };
}

function rig(deployed: FunctionVersion[], generic: Generic = async version => specOf(version)) {
  const plans: string[][] = [];
  const asked: FunctionVersion[] = [];
  const log = keptLog();
  const plan = wantedKinds({
    deployed: () => deployed,
    generic: version => {
      asked.push(version);
      return generic(version);
    },
    slots: { plan: specs => void plans.push(specs.map(spec => `${spec.command} ${spec.memoryMB}`)) },
    log,
  });
  return { plan, plans, asked, log, settled: () => new Promise(setImmediate) };
}

const node = (memoryMB = 128, change: Partial<FunctionVersion> = {}) => ({
  ...VERSION,
  runtime: 'Nodejs20.19',
  memoryMB,
  ...change,
});
const python = (memoryMB = 128) => node(memoryMB, { runtime: 'Python3.10' });

test('one kind for each runtime and memory size, the most frequent first', async () => {
  const it = rig([node(), python(256), python(256), node(512), python(256), node()]);
  it.plan();
  await it.settled();
  assert.deepEqual(it.plans, [['Python3.10 256', 'Nodejs20.19 128', 'Nodejs20.19 512']]);
  assert.equal(it.asked.length, 3, 'one of each is enough');
});

test('a function without a public network is of a kind of its own', async () => {
  const own = node(128, { echoed: { PublicNetConfig: { PublicNetStatus: 'DISABLE' } } });
  const it = rig([node(), own]);
  it.plan();
  await it.settled();
  assert.deepEqual(
    it.asked.map(version => version.echoed),
    [{}, own.echoed],
  );
});

test('nothing deployed, nothing prepared', async () => {
  const it = rig([]);
  it.plan();
  await it.settled();
  assert.deepEqual(it.plans, [[]]);
});

test('a function that starts in its own way does not stand for the others of its kind', async () => {
  const special = node(128, { environment: { NODE_OPTIONS: '--title=x' } });
  const generic: Generic = async version => (version === special ? undefined : specOf(version));
  const it = rig([special, node(), python(), special], generic);
  it.plan();
  await it.settled();
  assert.deepEqual(it.plans, [['Nodejs20.19 128', 'Python3.10 128']]);
  const alone = rig([special, special], generic);
  alone.plan();
  await alone.settled();
  assert.deepEqual(alone.plans, [[]]);
});

test('a runtime that cannot be found takes nothing from the others, and is named', async () => {
  const it = rig([python(), python(), node()], async version => {
    if (version.runtime.startsWith('Python')) throw new Error('no interpreter');
    return specOf(version);
  });
  it.plan();
  await it.settled();
  assert.deepEqual(it.plans, [['Nodejs20.19 128']]);
  assert.equal(it.log.lines.length, 1, 'said once, not for each function');
  assert.partialDeepStrictEqual(it.log.lines[0], { level: 'warn', fields: { runtime: 'Python3.10' } });
});

test('changes while it plans become one more plan, of what is there then', async () => {
  const deployed = [node()];
  const asked = Promise.withResolvers<void>();
  const it = rig(deployed, async version => {
    await asked.promise;
    return specOf(version);
  });
  it.plan();
  deployed.push(python());
  for (let i = 0; i < 5; i++) it.plan();
  await it.settled();
  assert.deepEqual(it.plans, []);
  asked.resolve();
  await it.settled();
  assert.deepEqual(it.plans, [['Nodejs20.19 128'], ['Nodejs20.19 128', 'Python3.10 128']]);
  it.plan();
  await it.settled();
  assert.equal(it.plans.length, 3, 'and later ones are heard again');
});
