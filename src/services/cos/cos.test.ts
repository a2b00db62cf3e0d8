import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { ACCOUNT, keptLog } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import { signHeader } from '../../http/qsign.ts';
import { openFront } from '../../http/server.ts';
import { memoryIndex } from '../../store/objects/testing-index.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { openCos } from './cos.ts';
import { BUCKET, MemoryFiles, REGION, START } from './testing.ts';

const KEY = { secretId: 'AKIDEXAMPLE', secretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };

test('a store is asked over HTTP, by its own endpoint, and knows its account’s key', async () => {
  const clock = new TurnableClock(START);
  const log = keptLog();
  const store = await openSqliteStore({ file: ':memory:', clock, log });
  const holder = { names: [`qcs::cam::uin/${ACCOUNT.uin}:uin/${ACCOUNT.uin}`], limits: [] };
  const cos = await openCos({
    ...{ store, index: memoryIndex(), files: new MemoryFiles(), clock, ids: new SeededIds(), log, account: ACCOUNT },
    ...{ wallClock: clock, region: REGION, endpoints: ['cos.test'] },
    secrets: { secretOf: id => (id === KEY.secretId ? { ...KEY, holder } : undefined) },
  });
  const front = await openFront({ host: '127.0.0.1', port: 0, setting: 'portCos', sites: [], fallback: cos.site, log });
  const send = async (method: string, path: string, body?: string) => {
    const span = `${START / 1000};${START / 1000 + 60}` as const;
    const Authorization = signHeader({ method, path, query: [], headers: [] }, KEY, span);
    return fetch(`http://127.0.0.1:${front.port}${path}`, { method, headers: { Authorization }, body: body ?? null });
  };
  try {
    assert.equal((await send('PUT', `/${BUCKET}`, '')).status, 200);
    assert.equal((await send('PUT', `/${BUCKET}/a`, 'hello')).status, 200);
    assert.equal(await (await send('GET', `/${BUCKET}/a`)).text(), 'hello');
    assert.equal(cos.buckets.need(BUCKET).region, REGION);
    assert.equal((await fetch(`http://127.0.0.1:${front.port}/${BUCKET}/a`)).status, 403);
    assert.ok(cos.site.claims(`${BUCKET}.cos.test`, '/', {}));
  } finally {
    await front.close(0);
    await cos.close();
    await store.close();
  }
});
