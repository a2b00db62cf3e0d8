import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keptLog } from '../../core/fixture.ts';
import { HeldFiles } from './held.ts';
import { MemoryFiles } from './testing.ts';

async function aFile() {
  const files = new MemoryFiles();
  const log = keptLog();
  const { file } = await files.write(Buffer.from('x'));
  return { files, log, file, held: new HeldFiles(files, log) };
}

describe('held files', () => {
  test('go at once when nobody reads them', async () => {
    const { files, file, held } = await aFile();
    held.free([file]);
    await held.idle();
    assert.equal(files.kept.size, 0);
  });

  test('go with the last reader, and only if they are free', async () => {
    const { files, file, held } = await aFile();
    const [first, second] = [held.hold([file]), held.hold([file])];
    held.free([file]);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await held.idle();
    assert.equal(files.kept.size, 1, 'one who leaves twice is one reader');
    second[Symbol.dispose]();
    await held.idle();
    assert.equal(files.kept.size, 0);
    const kept = await files.write(Buffer.from('y'));
    held.hold([kept.file])[Symbol.dispose]();
    await held.idle();
    assert.equal(files.kept.size, 1);
  });

  test('idle waits for what is on its way', async () => {
    const { files, file, held } = await aFile();
    const { promise, resolve } = Promise.withResolvers<void>();
    files.before = () => promise;
    held.free([file]);
    let isIdle = false;
    const idle = held.idle().then(() => {
      isIdle = true;
    });
    await new Promise(setImmediate);
    assert.equal(isIdle, false);
    resolve();
    await idle;
    assert.equal(files.kept.size, 0);
  });
});
