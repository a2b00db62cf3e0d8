import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import yauzl from 'yauzl';
import { zipOf } from './zip.ts';

test('a one-file package holds its text, can be run, and is the same each time', async () => {
  const zip = await zipOf('src/index.py', 'print("嗨")\n');
  assert.deepEqual(await zipOf('src/index.py', 'print("嗨")\n'), zip);
  const file = await yauzl.fromBufferPromise(zip);
  const entries: [string, string, number][] = [];
  for await (const entry of file.eachEntry()) {
    const text = (await buffer(await file.openReadStreamPromise(entry))).toString();
    entries.push([entry.fileName, text, entry.externalFileAttributes >>> 16]);
  }
  assert.deepEqual(entries, [['src/index.py', 'print("嗨")\n', 0o100755]]);
});
