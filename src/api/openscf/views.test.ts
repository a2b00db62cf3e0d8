import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST } from '../../core/function.ts';
import { type LanguageView, type ObjectsView, type ViewDeps, viewRoutes } from './views.ts';

const LANGUAGES: readonly LanguageView[] = [
  {
    found: [
      { version: '18.15.0', path: '/data/node', runtimes: ['Nodejs18.15'] },
      { version: '24.1.0', path: '/bin/node', runtimes: ['Nodejs20.19', 'Nodejs24.1'] },
    ],
    missing: [{ runtime: 'Nodejs20.19', runsOn: '24.1.0', fetched: true }],
    withLibraries: ['Nodejs18.15'],
  },
  {
    found: [{ version: '3.9.1', path: '/bin/python3.9', runtimes: ['Python3.7'] }],
    missing: [{ runtime: 'Python3.7', runsOn: '3.9.1' }],
  },
  { found: [], missing: [{ runtime: 'Go1', runsOn: '' }], refused: { zh: '不行', en: 'no' } },
];

const OTHERS = { accepted: 3, ignored: 2, unmapped: { private: 1 } };

async function doctor(language: 'zh' | 'en', objects?: ObjectsView) {
  const missed = { list: async () => [] };
  const entry = (...types: string[]) => ({
    entry: { versions: new Map(types.map((type, at) => [at === 0 ? LATEST : `${at}`, { type }])) },
  });
  const catalog = { all: () => [entry('Event'), entry('HTTP', 'Event'), entry('Event', 'HTTP'), entry()] };
  const driver = {
    name: 'process',
    protects: { zh: '强', en: 'strong' },
    weaker: [{ brief: {}, whole: { zh: '弱', en: 'weak' } }],
    instead: { zh: '无', en: 'missing' },
  };
  const deps = {
    control: { missed, catalog },
    kinds: [],
    version: '1',
    driver,
    load: () => ({ memoryMB: 1024, usedMB: 256, instances: [{}, {}], prepared: 3, waiting: 4, other: 1 }),
    languages: async () => LANGUAGES,
    objects: () => objects,
    otherStores: () => OTHERS,
    cloudNames: { zh: '', en: '' },
  };
  const route = viewRoutes(deps as unknown as ViewDeps).find(one => one.path === '/doctor');
  const context = { language, params: {} } as unknown as Parameters<NonNullable<typeof route>['handle']>[0];
  return (await route?.handle(context)) as Readonly<Record<string, unknown>>;
}

test('doctor says what each runtime runs on, and what would be its own', async () => {
  assert.deepEqual((await doctor('en')).runtimes, [
    { runtime: 'Nodejs18.15', works: true, detail: '18.15.0  /data/node  (with the preinstalled libraries)' },
    { runtime: 'Nodejs20.19', works: true, detail: '24.1.0  /bin/node  (its own version is fetched on first use)' },
    { runtime: 'Nodejs24.1', works: true, detail: '24.1.0  /bin/node' },
    { runtime: 'Python3.7', works: true, detail: '3.9.1  /bin/python3.9  (the nearest version)' },
    { runtime: 'Go1', works: false, detail: 'no' },
  ]);
  const { runtimes, driver, load } = await doctor('zh');
  assert.match(JSON.stringify(runtimes), /已安装预装依赖库.*首次使用时下载对应版本.*最接近的版本.*不行/);
  assert.deepEqual(driver, { name: 'process', notes: ['无', '弱'] });
  assert.deepEqual(load, { memoryMB: 1024, usedMB: 256, instances: 2, prepared: 3, waiting: 4 });
});

test('doctor counts functions, and tells what was found of objects and came from other stores', async () => {
  assert.deepEqual((await doctor('en')).functions, { all: 4, web: 1 });
  assert.equal((await doctor('en')).objects, undefined);
  const found = [{ bucket: 'b-1', key: 'k', versionId: 'null' }];
  const report = {
    checked: 3,
    damaged: 1,
    unchecked: 0,
    begunAt: 5,
    endedAt: undefined,
    afterCrash: undefined,
    found,
    parts: [],
  };
  const told = await doctor('en', report);
  assert.deepEqual([told.objects, told.otherStores], [report, OTHERS]);
});
