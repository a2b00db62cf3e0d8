import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import type { BoundLayer } from '../../core/function.ts';
import { SystemIds } from '../../core/ids.ts';
import { type Files, MemoryBlob, zipOf } from '../testing.ts';
import { CodeCache } from './code.ts';
import { LayerCache } from './layers.ts';

const base = await mkdtemp(join(tmpdir(), 'layers-'));
after(() => rm(base, { recursive: true, force: true }));

let count = 0;

async function scene(limitBytes?: number) {
  const dir = join(base, `${count++}`);
  const blob = new MemoryBlob();
  const ids = new SystemIds();
  const code = await CodeCache.open(blob, join(dir, 'code'), ids);
  const merged = join(dir, 'layers');
  const open = () => LayerCache.open(code, merged, ids, limitBytes);
  const layer = async (files: Files): Promise<BoundLayer> => ({
    name: 'l',
    version: 1,
    code: await blob.put(await zipOf(files)),
  });
  return { cache: await open(), open, blob, code, layer, merged };
}

const link = (text: string) => ({ text, mode: 0o120777 });

/** Paths below a folder, with the text of files and the target of links. */
async function tree(dir: string, prefix = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(join(dir, prefix), { withFileTypes: true })) {
    const name = prefix + entry.name;
    const path = join(dir, name);
    if (entry.isDirectory()) Object.assign(found, await tree(dir, `${name}/`));
    else found[name] = entry.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path, 'utf8');
  }
  return found;
}

async function merge(...layers: Files[]): Promise<Record<string, string>> {
  const { cache, layer } = await scene();
  const folder = await cache.folder(await Promise.all(layers.map(layer)));
  return tree(folder ?? assert.fail('no folder'));
}

test('no layers, no folder; one layer is its package', async () => {
  const { cache, code, layer, merged } = await scene();
  assert.equal(await cache.folder([]), undefined);
  const one = await layer({ a: '1' });
  assert.equal(await cache.folder([one]), await code.folder(one.code));
  assert.deepEqual(await readdir(merged), []);
});

test('folders become one, a later file covers an earlier one', async () => {
  assert.deepEqual(
    await merge(
      { 'lib/a': '1', 'lib/both': '1', 'lib/deep/x': '1', top: '1' },
      { 'lib/b': '2', 'lib/both': '2', 'lib/deep/y': '2' },
      { 'lib/both': '3', third: '3' },
    ),
    { 'lib/a': '1', 'lib/b': '2', 'lib/both': '3', 'lib/deep/x': '1', 'lib/deep/y': '2', third: '3', top: '1' },
  );
});

test('the order counts', async () => {
  const { cache, layer } = await scene();
  const [a, b] = [await layer({ f: 'a' }), await layer({ f: 'b' })];
  const text = async (...layers: BoundLayer[]) => readFile(join((await cache.folder(layers)) ?? '', 'f'), 'utf8');
  assert.equal(await text(a, b), 'b');
  assert.equal(await text(b, a), 'a');
});

test('what is a file below and a folder above, and the other way round', async () => {
  assert.deepEqual(await merge({ x: 'file' }, { 'x/y': 'inside' }), { 'x/y': 'inside' });
  assert.deepEqual(await merge({ 'x/y': 'inside', 'x/z/w': 'deep' }, { x: 'file' }), { x: 'file' });
});

test('links stay links, and nothing is written through one', async () => {
  assert.deepEqual(await merge({ 'real/a': '1', way: link('real') }, { 'way/b': '2' }), {
    'real/a': '1',
    'way/b': '2',
  });
  assert.deepEqual(await merge({ 'real/a': '1', 'way/b': '2' }, { way: link('real') }), {
    'real/a': '1',
    way: '-> real',
  });
  assert.deepEqual(await merge({ a: '1', l: link('a') }, { l: 'covers the link, not what it points at' }), {
    a: '1',
    l: 'covers the link, not what it points at',
  });
});

test('modes are kept, of folders those of the last layer that has them', async () => {
  const { cache, layer } = await scene();
  const first = await layer({ 'bin/run': { text: '#!/bin/sh', mode: 0o100755 }, bin: { text: '', mode: 0o040775 } });
  const second = await layer({ 'bin/other': { text: '', mode: 0o100600 } });
  const mode = async (path: string) => (await stat(path)).mode & 0o777;
  const folder = (await cache.folder([first, second])) ?? '';
  assert.equal(await mode(join(folder, 'bin/run')), 0o755);
  assert.equal(await mode(join(folder, 'bin/other')), 0o644, 'instances have users of their own');
  assert.equal(await mode(join(folder, 'bin')), 0o755);
  const over = (await cache.folder([second, first])) ?? '';
  assert.equal(await mode(join(over, 'bin')), 0o775);
});

test('laying over leaves the packages themselves as they were', async () => {
  const { cache, code, layer } = await scene();
  const [a, b] = [await layer({ 'd/f': 'a', 'd/g': 'a' }), await layer({ 'd/f': 'b' })];
  const folder = (await cache.folder([a, b])) ?? '';
  assert.deepEqual(await tree(await code.folder(a.code)), { 'd/f': 'a', 'd/g': 'a' });
  assert.equal((await lstat(join(folder, 'd/g'))).nlink, 2, 'takes no room of its own');
});

test('any layers: each path is what the last layer with it says', async () => {
  const { cache, layer } = await scene();
  const name = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h');
  const files = fc.dictionary(name, fc.constantFrom('1', '2', '3'), { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(files, { minLength: 1, maxLength: 4 }), async layers => {
      const folder = (await cache.folder(await Promise.all(layers.map(one => layer({ ...one }))))) ?? '';
      assert.deepEqual(await tree(folder), Object.assign({}, ...layers));
    }),
    { numRuns: 40 },
  );
});

test('made once, also when asked for at the same time, and found again after a restart', async () => {
  const { cache, open, code, layer, merged } = await scene();
  const layers = [await layer({ a: '1' }), await layer({ b: '2' })];
  const paths = await Promise.all([cache.folder(layers), cache.folder(layers), cache.folder(layers)]);
  assert.equal(new Set(paths).size, 1);
  assert.equal((await readdir(merged)).length, 1);
  const before = await stat(paths[0] ?? '');
  await code.sweep(new Set());
  const again = await open();
  assert.equal(await again.folder(layers), paths[0]);
  assert.equal((await stat(paths[0] ?? '')).ino, before.ino, 'not made again');
});

test('a killed server leaves no half folder, and what nobody has is swept', async () => {
  const { cache, open, layer, merged } = await scene();
  const [a, b, c] = [await layer({ a: '1' }), await layer({ b: '2' }), await layer({ c: '3' })];
  const kept = await cache.folder([a, b]);
  const gone = await cache.folder([b, c]);
  await mkdir(join(merged, '.merging-left/lib'), { recursive: true });
  await writeFile(join(merged, '.merging-left/lib/a'), 'half');
  const again = await open();
  assert.equal((await readdir(merged)).length, 2);
  await again.sweep([[], [c], [a, b]]);
  assert.deepEqual(
    (await readdir(merged)).map(name => join(merged, name)),
    [kept],
  );
  assert.equal(await again.folder([b, c]), gone, 'made anew');
});

test('one that fails leaves nothing and can be asked for again', async () => {
  const { cache, blob, layer, merged } = await scene();
  const [a, b] = [await layer({ a: '1' }), await layer({ b: '2' })];
  const content = blob.contents.get(b.code.sha256) ?? Buffer.alloc(0);
  blob.contents.delete(b.code.sha256);
  await assert.rejects(cache.folder([a, b]), /not in the store/);
  assert.deepEqual(await readdir(merged), []);
  await blob.put(content);
  assert.deepEqual(await tree((await cache.folder([a, b])) ?? ''), { a: '1', b: '2' });
});

test('code and layers together have a limit', async () => {
  const { cache, blob, layer } = await scene(3000);
  const code = await blob.put(await zipOf({ 'index.js': 'x'.repeat(1000) }));
  const [a, b] = [await layer({ 'd/a': 'y'.repeat(1000) }), await layer({ b: 'z'.repeat(1000) })];
  const c = await layer({ c: '!', l: link('c') });
  await cache.check(code, []);
  await cache.check(code, [a]);
  await cache.check(code, [a, b]);
  await assert.rejects(cache.check(code, [a, b, c]), (error: unknown) => {
    assert.ok(error instanceof CloudError);
    assert.equal(error.code, 'InvalidParameterValue.Layers');
    assert.doesNotMatch(error.text('en') + error.text('zh'), /\{/);
    return true;
  });
  await assert.rejects(
    cache.check(code, [a, a, a]),
    { code: 'InvalidParameterValue.Layers' },
    'counted as often as it is bound',
  );
});

test('a function of a package that is not there is told so before its layers are laid out', async () => {
  const { cache, layer } = await scene();
  const missing = { sha256: 'f'.repeat(64), bytes: 1 };
  await assert.rejects(cache.check(missing, [await layer({ a: '1' })]), /not in the store/);
});
