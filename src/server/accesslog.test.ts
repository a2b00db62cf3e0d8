import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { keptLog } from '../core/fixture.ts';
import { openAccessFile } from './accesslog.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'openscf-access-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('the file of the access log', () => {
  it('has a line for each, behind what was there, and its folder is made', async t => {
    const path = join(folder(t), 'logs', 'access.log');
    for (const lines of [['a', '中'], ['c']]) {
      const file = openAccessFile({ path, log: keptLog() });
      for (const line of lines) file.write(line);
      await file.close();
    }
    assert.equal(readFileSync(path, 'utf8'), 'a\n中\nc\n');
  });

  it('is put aside when it is full, the one before it forgotten', async t => {
    const path = join(folder(t), 'access.log');
    const file = openAccessFile({ path, log: keptLog(), fileBytes: 25 });
    for (let i = 0; i < 20; i++) file.write(`line ${i}`.padEnd(9));
    await file.close();
    const kept = [`${path}.1`, path].flatMap(one => readFileSync(one, 'utf8').trimEnd().split('\n'));
    assert.deepEqual(
      kept.map(line => line.trim()),
      ['line 16', 'line 17', 'line 18', 'line 19'],
    );
    assert.ok(!existsSync(`${path}.2`));
  });

  it('goes on counting in a file that was there', async t => {
    const path = join(folder(t), 'access.log');
    writeFileSync(path, 'x'.repeat(20));
    const file = openAccessFile({ path, log: keptLog(), fileBytes: 10 });
    file.write('new');
    await file.close();
    assert.equal(readFileSync(path, 'utf8'), 'new\n');
    assert.equal(readFileSync(`${path}.1`, 'utf8').length, 20);
  });

  it('leaves lines out while the disk does not take them, and says how many', async t => {
    const log = keptLog();
    const path = join(folder(t), 'access.log');
    const file = openAccessFile({ path, log, waitingBytes: 4 });
    for (const line of ['first', 'lost', 'lost too']) file.write(line);
    // Taken once the first is on the disk.
    while (log.lines.length === 0) {
      await new Promise(setImmediate);
      file.write('last');
    }
    await file.close();
    assert.equal(readFileSync(path, 'utf8'), 'first\nlast\n');
    assert.deepEqual(
      log.lines.map(line => line.level),
      ['warn'],
    );
  });

  it('cannot be opened where no file can be', t => {
    assert.throws(() => openAccessFile({ path: folder(t), log: keptLog() }), { code: 'EISDIR' });
  });

  it('logs once what the disk refuses, and ends all the same', async () => {
    const log = keptLog();
    const file = openAccessFile({ path: '/dev/full', log });
    for (const line of ['x', 'y']) file.write(line);
    while (log.lines.length === 0) await new Promise(setImmediate);
    file.write('z');
    await file.close();
    assert.deepEqual(
      log.lines.map(line => line.level),
      ['error'],
    );
  });

  it('grows on where it cannot be put aside', async t => {
    const log = keptLog();
    const path = join(folder(t), 'access.log');
    mkdirSync(join(`${path}.1`, 'in the way'), { recursive: true });
    const file = openAccessFile({ path, log, fileBytes: 4 });
    for (const line of ['one', 'two', 'six']) file.write(line);
    await file.close();
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nsix\n');
    assert.equal(log.lines[0]?.level, 'error');
  });
});
