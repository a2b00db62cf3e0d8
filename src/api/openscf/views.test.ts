import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LanguageView, type ViewDeps, viewRoutes } from './views.ts';

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

async function doctor(language: 'zh' | 'en') {
  const missed = { list: async () => [] };
  const driver = {
    name: 'process',
    protects: { zh: '强', en: 'strong' },
    weaker: [{ brief: {}, whole: { zh: '弱', en: 'weak' } }],
    instead: { zh: '无', en: 'missing' },
  };
  const deps = {
    control: { missed },
    kinds: [],
    version: '1',
    driver,
    load: () => ({ memoryMB: 1024, usedMB: 256, instances: [{}, {}], prepared: 3, waiting: 4, other: 1 }),
    languages: async () => LANGUAGES,
    cloudNames: { zh: '', en: '' },
  };
  const route = viewRoutes(deps as unknown as ViewDeps).find(one => one.path === '/doctor');
  const context = { language, params: {} } as unknown as Parameters<NonNullable<typeof route>['handle']>[0];
  return (await route?.handle(context)) as { runtimes: unknown; driver: unknown; load: unknown };
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
