import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { keptLog } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { NoticeRow, ObjectChange, ObjectRow } from '../../core/objects.ts';
import { memoryIndex } from '../../store/objects/testing-index.ts';
import { fail } from './errors.ts';
import { Gate } from './gate.ts';
import { HeldFiles } from './held.ts';
import type { Bucket, ObjectNotice } from './model.ts';
import { NoticeBoard } from './notices/notices.ts';
import { markerRow } from './row.ts';
import { BUCKET, CAUSE, fails, MemoryFiles, REGION, ref, START } from './testing.ts';
import { type Now, Writer } from './writer.ts';

const NOTICE: ObjectNotice = {
  name: 'ObjectCreated:Put',
  bucket: BUCKET,
  region: REGION,
  key: 'k',
  versionId: '',
  bytes: 0,
  etag: '',
  storageClass: 'STANDARD',
  headers: {},
  at: START,
  cause: CAUSE,
};

function desk() {
  const clock = new TurnableClock(START);
  const log = keptLog();
  const index = memoryIndex();
  const files = new MemoryFiles();
  const held = new HeldFiles(files, log);
  const gate = new Gate();
  const board = new NoticeBoard({ index, clock, ids: new SeededIds(), log });
  const bucket = { id: BUCKET, versioning: 'never' } as Bucket;
  const there = new Set([BUCKET]);
  const buckets = { need: (id: string) => (there.has(id) ? bucket : fail('NoSuchBucket', { name: id })) };
  const commits: ObjectChange[] = [];
  const { commit } = index;
  index.commit = (change, expected) => {
    commits.push(change);
    return commit(change, expected);
  };
  return {
    clock,
    index,
    files,
    held,
    gate,
    board,
    there,
    commits,
    writer: new Writer({
      ...{ index, clock, buckets, gate, held, board },
      follower: { follow: (_bucket, change) => ({ change, own: [] }), expect: () => undefined },
    }),
  };
}

const rowAt = ({ order, at }: Pick<Now, 'order' | 'at'>, change: Partial<ObjectRow> = {}): ObjectRow => ({
  ...markerRow({ bucket: BUCKET, key: 'k', versionId: 'null', order, modifiedAt: at }),
  ...change,
});

describe('a change of a key', () => {
  test('is planned against the newest version, again when that is another by then', async () => {
    const { writer, index } = desk();
    const seen: (number | undefined)[] = [];
    const result = await writer.change(ref('k'), async now => {
      seen.push(now.newest?.order);
      // Another process is faster, once.
      if (seen.length === 1) await index.commit({ put: [rowAt({ order: now.order + 7, at: now.at })] });
      return { change: { put: [rowAt(now)] }, result: now.order };
    });
    assert.equal(seen.length, 2);
    assert.equal(seen[0], undefined);
    assert.ok(result > (seen[1] ?? 0), 'it is the newest');
    assert.equal(index.find(BUCKET, 'k')?.order, result);
  });

  test('waits for the one before it, and no other key does', async () => {
    const { writer } = desk();
    const log: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = writer.change(ref('k'), async now => {
      log.push('slow begins');
      await promise;
      log.push('slow ends');
      return { change: { put: [rowAt(now)] }, result: undefined };
    });
    const next = writer.change(ref('k'), now => {
      log.push(`next sees ${now.newest ? 'it' : 'nothing'}`);
      return { result: undefined };
    });
    await writer.change(ref('other'), () => {
      log.push('other');
      return { result: undefined };
    });
    resolve();
    await Promise.all([slow, next]);
    assert.deepEqual(log, ['slow begins', 'other', 'slow ends', 'next sees it']);
  });

  test('carries its notices in the same commit, and none if nobody listens', async () => {
    const { writer, board, commits } = desk();
    const change = () =>
      writer.change(ref('k'), now => ({ change: { put: [rowAt(now)] }, notices: [NOTICE], result: undefined }));
    await change();
    assert.deepEqual(
      commits.map(commit => commit.notices),
      [undefined],
    );
    const rule = { triggerId: 't', bucket: BUCKET, event: 'cos:ObjectCreated:*', prefix: '', suffix: '' };
    const told: string[] = [];
    board.listen(rule, async (_, id) => void told.push(id));
    await change();
    const [, noted] = commits;
    assert.equal(noted?.put?.length, 1);
    assert.deepEqual(
      noted?.notices?.map(row => [row.id, row.triggerId, JSON.parse(row.detail)]),
      [[told[0], 't', NOTICE]],
    );
    await board.close();
    assert.deepEqual(commits[2]?.settled, told);
  });

  test('keeps the notices of its own that a plan brings', async () => {
    const { writer, board, index } = desk();
    const own: NoticeRow = { id: '0', triggerId: '@own', detail: '' };
    board.listen({ triggerId: 't', bucket: BUCKET, event: 'cos:*', prefix: '', suffix: '' }, async () => undefined);
    await writer.change(ref('k'), now => ({
      change: { put: [rowAt(now)], notices: [own] },
      notices: [NOTICE],
      result: undefined,
    }));
    await board.close();
    assert.deepEqual(index.notices(10), [own]);
  });

  test('that is nothing commits nothing', async () => {
    const { writer, commits } = desk();
    assert.equal(await writer.change(ref('k'), () => ({ notices: [NOTICE], result: 5 })), 5);
    assert.deepEqual(commits, []);
  });

  test('removes what it made when it does not come about', async () => {
    const { writer, files, held, index } = desk();
    const { commit } = index;
    const plan = async (now: Now) => {
      const { file } = await files.write(Buffer.from('made'));
      return { change: { put: [rowAt(now, { marker: false, files: [file] })] }, made: [file], result: file };
    };
    let refusals = 2;
    index.commit = async (...given) => (refusals-- > 0 ? undefined : commit(...given));
    const kept = await writer.change(ref('k'), plan);
    await held.idle();
    assert.deepEqual([...files.kept.keys()], [kept]);
    index.commit = () => Promise.reject(new Error('broken'));
    await assert.rejects(writer.change(ref('k'), plan), /broken/);
    await held.idle();
    assert.deepEqual([...files.kept.keys()], [kept]);
  });

  test('spares what it made when the commit came about though it failed', async () => {
    const { writer, files, held, index } = desk();
    const { commit } = index;
    index.commit = async (...given) => {
      await commit(...given);
      throw new Error('the answer is lost');
    };
    const { file } = await files.write(Buffer.from('made'));
    await assert.rejects(
      writer.change(ref('k'), now => ({
        change: { put: [rowAt(now, { marker: false, files: [file] })] },
        made: [file],
        result: undefined,
      })),
      /the answer is lost/,
    );
    await held.idle();
    assert.ok(files.kept.has(file), 'a row names it');
  });

  test('waits while its bucket is being removed, and then has none', async () => {
    const { writer, gate, there } = desk();
    const { promise, resolve } = Promise.withResolvers<void>();
    const removing = gate.alone(BUCKET, async () => {
      await promise;
      there.clear();
    });
    const change = writer.change(ref('k'), now => ({ change: { put: [rowAt(now)] }, result: undefined }));
    resolve();
    await removing;
    await fails('NoSuchBucket', () => change);
    await fails('NoSuchBucket', () => writer.commit(BUCKET, {}));
  });

  test('orders rise within a millisecond and after the clock was set back', async () => {
    const { writer, clock } = desk();
    const order = () => writer.change(ref('k'), now => ({ change: { put: [rowAt(now)] }, result: now.order }));
    const orders = [await order(), await order(), await order()];
    assert.deepEqual(orders, [START * 1000, START * 1000 + 1, START * 1000 + 2]);
    clock.now = () => START - 5000;
    assert.equal(await order(), START * 1000 + 3);
    clock.now = () => START + 5000;
    assert.equal(await order(), (START + 5000) * 1000);
  });
});
