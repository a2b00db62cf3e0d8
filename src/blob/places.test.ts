import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { type Ids, SystemIds } from '../core/ids.ts';
import type { Disk } from './durable.ts';
import { Places } from './places.ts';
import { coded } from './testing-disk.ts';

/** Folders 00, 01, … one after the other. */
function counting(): Ids {
  let folder = 0;
  const chance = new SystemIds();
  return Object.assign(new SystemIds(), {
    bytes: (count: number) => (count === 1 ? Buffer.of(folder++) : chance.bytes(count)),
  });
}

interface Sync {
  readonly folder: string;
  done(error?: Error): void;
}

/** Syncs of folders end when they are told to; those of the folder above at once. */
function hall() {
  const syncs: Sync[] = [];
  const opened: string[] = [];
  const closed: string[] = [];
  const made: string[] = [];
  const faults = { open: '', mkdir: '' };
  const handle = (path: string): Partial<FileHandle> => ({
    async sync() {
      if (path === '/top') return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      syncs.push({ folder: path, done: error => (error ? reject(error) : resolve()) });
      await promise;
    },
    close: async () => void (path !== '/top' && closed.push(path)),
  });
  const disk = {
    mkdir: async (path: string) => {
      if (faults.mkdir) throw coded(faults.mkdir);
      made.push(path);
    },
    open: async (path: string) => {
      if (faults.open && path !== '/top') throw coded(faults.open);
      if (path !== '/top') opened.push(path);
      return handle(path);
    },
    rename: () => assert.fail('nothing is moved here'),
  } as unknown as Disk;
  return { places: new Places('/top', disk, counting()), syncs, opened, closed, made, faults };
}

const turn = () => new Promise(setImmediate);

/** Whether it is over, and how. */
function watched(promise: Promise<void>): { state: 'open' | 'done' | 'failed' } {
  const seen: { state: 'open' | 'done' | 'failed' } = { state: 'open' };
  promise.then(
    () => {
      seen.state = 'done';
    },
    () => {
      seen.state = 'failed';
    },
  );
  return seen;
}

describe('places at the same time', () => {
  test('lie in one folder, which is made, opened and closed once', async () => {
    const { places, opened, closed, made } = hall();
    const taken = await Promise.all([places.take(), places.take(), places.take()]);
    for (const { name, path } of taken) {
      assert.match(name, /^00[0-9a-f]{30}$/);
      assert.equal(path, `/top/00/${name}`);
    }
    assert.equal(new Set(taken.map(place => place.name)).size, 3);
    assert.deepEqual([made, opened], [['/top/00'], ['/top/00']]);
    await taken[0]?.leave();
    await taken[2]?.leave();
    assert.deepEqual(closed, []);
    const late = await places.take();
    assert.equal(late.name.slice(0, 2), '00');
    await taken[1]?.leave();
    assert.deepEqual(closed, []);
    await late.leave();
    assert.deepEqual(closed, ['/top/00']);
    assert.equal((await places.take()).name.slice(0, 2), '01');
  });

  test('share the sync that begins after each of them has asked', async () => {
    const { places, syncs } = hall();
    const [a, b, c, d] = await Promise.all([places.take(), places.take(), places.take(), places.take()]);
    const first = watched(a.sync());
    const second = watched(b.sync());
    const third = watched(c.sync());
    await turn();
    assert.equal(syncs.length, 1, 'one at a time');
    syncs[0]?.done();
    await turn();
    assert.deepEqual([first.state, second.state, third.state], ['done', 'open', 'open']);
    assert.equal(syncs.length, 2);
    const fourth = watched(d.sync());
    await turn();
    assert.equal(syncs.length, 2);
    syncs[1]?.done();
    await turn();
    assert.deepEqual([second.state, third.state, fourth.state], ['done', 'done', 'open']);
    syncs[2]?.done();
    await turn();
    assert.deepEqual([fourth.state, syncs.length], ['done', 3]);
  });

  test('all fail with the first sync that does, and the folder is left alone after it', async () => {
    const { places, syncs } = hall();
    const [a, b, c] = await Promise.all([places.take(), places.take(), places.take()]);
    const first = watched(a.sync());
    const second = watched(b.sync());
    syncs[0]?.done(coded('EIO'));
    await turn();
    const third = watched(c.sync());
    await turn();
    assert.deepEqual([first.state, second.state, third.state], ['failed', 'failed', 'failed']);
    assert.equal(syncs.length, 1);
    assert.equal((await places.take()).name.slice(0, 2), '01');
  });
});

test('a folder gets no more than so many in a row', async () => {
  const { places, closed } = hall();
  const taken = await Promise.all(Array.from({ length: 130 }, () => places.take()));
  const folders = Map.groupBy(taken, ({ name }) => name.slice(0, 2));
  assert.deepEqual(
    [...folders].map(([name, some]) => [name, some.length]),
    [
      ['00', 64],
      ['01', 64],
      ['02', 2],
    ],
  );
  for (const place of taken) await place.leave();
  assert.deepEqual(closed, ['/top/00', '/top/01', '/top/02']);
});

for (const at of ['open', 'mkdir'] as const)
  test(`what fails at ${at} fails for who waits for it, and the next one begins anew`, async () => {
    const { places, faults, closed } = hall();
    faults[at] = 'EMFILE';
    const [a, b] = await Promise.allSettled([places.take(), places.take()]);
    assert.deepEqual([a.status, b.status], ['rejected', 'rejected']);
    faults[at] = '';
    const next = await places.take();
    assert.equal(next.name.slice(0, 2), '01');
    await next.leave();
    assert.deepEqual(closed, ['/top/01']);
  });
