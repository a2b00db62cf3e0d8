import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import { SeededIds, SystemIds } from '../core/ids.ts';
import { objectFilesContract } from './files.contract.ts';
import { openObjectFiles } from './files.ts';
import { coded, type Fault, failingAt, faultyDisk, type Place } from './testing-disk.ts';

const makeDir = () => mkdtempSync(join(tmpdir(), 'openscf-files-'));
const ids = new SystemIds();
const MB = 1 << 20;

/** Every file below the folder, whole or not. */
const filesIn = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => entry.name);

objectFilesContract('disk', async () => {
  const dir = makeDir();
  return {
    files: await openObjectFiles(dir, { ids }),
    count: async () => filesIn(dir).length,
    drop: async () => rmSync(dir, { recursive: true }),
  };
});

objectFilesContract('disk whose writes are short and that has no links', async () => {
  const dir = makeDir();
  const disk = faultyDisk(failingAt('link', 'EPERM'), 50_001);
  return {
    files: await openObjectFiles(dir, { ids, disk }),
    count: async () => filesIn(dir).length,
    drop: async () => rmSync(dir, { recursive: true }),
  };
});

describe('object files on a disk', () => {
  let dir: string;
  beforeEach(() => {
    dir = makeDir();
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const HELLO = Buffer.from('hello');
  const pathOf = (file: string) => join(dir, file.slice(0, 2), file);
  const faulty = (fault: Fault, most?: number) => openObjectFiles(dir, { ids, disk: faultyDisk(fault, most) });
  const failing = (place: Place, code: string, spared?: number) => faulty(failingAt(place, code, spared));
  const refused = (code: string, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    assert.match(error.text('en'), text);
    assert.ok(error.text('zh').includes(dir) && !error.text('zh').includes('{'));
    return true;
  };

  test('a file lies under its name, for its owner alone, and is there after a restart', async () => {
    const { file, crc64: sum } = await (await openObjectFiles(dir, { ids })).write(HELLO);
    assert.deepEqual(filesIn(dir), [file]);
    assert.equal(statSync(pathOf(file)).mode & 0o777, 0o600);
    const again = await openObjectFiles(dir, { ids });
    assert.ok(await again.check(file, sum));
    assert.deepEqual(await buffer(again.read(file, 1, 3)), Buffer.from('el'));
  });

  test('what a crash left unfinished goes when it is opened; what is named stays', async () => {
    const { file } = await (await openObjectFiles(dir, { ids })).write(HELLO);
    writeFileSync(join(dir, 'unfinished', '0'), 'half of someth');
    writeFileSync(join(dir, 'unfinished', '77'), '');
    const files = await openObjectFiles(dir, { ids });
    assert.deepEqual(filesIn(dir), [file]);
    const second = await files.write(HELLO);
    assert.deepEqual(filesIn(dir).toSorted(), [file, second.file].toSorted());
  });

  test('a sweep asks for few names at once and leaves what is not its own', async () => {
    mkdirSync(join(dir, 'ab'));
    mkdirSync(join(dir, 'other'));
    const own = (i: number) => `ab${i.toString(16).padStart(30, '0')}`;
    for (let i = 0; i < 1203; i++) writeFileSync(join(dir, 'ab', own(i)), '');
    writeFileSync(join(dir, 'ab', 'notes.txt'), '');
    writeFileSync(join(dir, 'other', 'cd'.repeat(16)), '');
    const files = await openObjectFiles(dir, { ids });
    const asked: number[] = [];
    const removed = await files.sweep(some => {
      asked.push(some.length);
      return new Set([own(7)]);
    });
    assert.deepEqual(asked, [500, 500, 203]);
    assert.equal(removed, 1202);
    assert.deepEqual(filesIn(dir).toSorted(), [own(7), 'cd'.repeat(16), 'notes.txt'].toSorted());
  });

  test('a sweep meets writers: what they have been given is theirs', async () => {
    await (await openObjectFiles(dir, { ids })).write(HELLO);
    const files = await openObjectFiles(dir, { ids });
    const writers = Array.from({ length: 20 }, () => files.write(HELLO));
    assert.equal(await files.sweep(() => new Set()), 1);
    const written = await Promise.all(writers);
    const copy = await files.copy(written[0]?.file ?? '');
    assert.deepEqual(filesIn(dir).toSorted(), [copy, ...written.map(one => one.file)].toSorted());
  });

  test('writers at the same time have names of their own in few folders', async () => {
    const files = await openObjectFiles(dir, { ids });
    const written = await Promise.all(Array.from({ length: 100 }, (_, i) => files.write(Buffer.from(`content ${i}`))));
    const copies = await Promise.all(written.map(one => files.copy(one.file)));
    const names = [...written.map(one => one.file), ...copies];
    assert.equal(new Set(names).size, 200);
    assert.ok(new Set(names.map(name => name.slice(0, 2))).size <= 8);
    for (const { file, crc64: sum } of written) assert.ok(await files.check(file, sum));
    for (const [i, copy] of copies.entries()) assert.ok(await files.check(copy, written[i]?.crc64 ?? ''));
  });

  test('what has been synced is kept, whatever closing it says', async () => {
    const files = await failing('close', 'EIO', 2);
    const { file } = await files.write(HELLO);
    assert.deepEqual(filesIn(dir), [file]);
  });

  test('any other byte, a missing end and a longer one are found', async () => {
    const files = await openObjectFiles(dir, { ids });
    const { file, crc64: sum } = await files.write(HELLO);
    for (const damage of ['hellO', 'hell', 'hello!', '']) {
      writeFileSync(pathOf(file), damage);
      assert.equal(await files.check(file, sum), false, damage);
    }
    writeFileSync(pathOf(file), HELLO);
    assert.ok(await files.check(file, sum));
  });

  test('a file that is cut while it is read fails the reader', async () => {
    const files = await openObjectFiles(dir, { ids });
    const { file } = await files.write(Buffer.alloc(2 * MB));
    truncateSync(pathOf(file), MB + 5);
    let got = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of files.read(file, 0, 2 * MB)) got += (chunk as Buffer).length;
      },
      refused('InternalError.FileDamaged', new RegExp(`${file}.* is missing or cut short`)),
    );
    assert.equal(got, MB + 5);
    got = 0;
    const take = async (chunk: Buffer) => {
      got += chunk.length;
    };
    await assert.rejects(
      files.feed(file, 0, 2 * MB, take),
      refused('InternalError.FileDamaged', new RegExp(`${file}.* is missing or cut short`)),
    );
    assert.equal(got, MB + 5);
  });

  test('bytes that the disk cannot give back are damage, trouble of this machine is not', async () => {
    const { file, crc64: sum } = await (await openObjectFiles(dir, { ids })).write(HELLO);
    assert.equal(await (await failing('read', 'EIO')).check(file, sum), false);
    await assert.rejects((await failing('open', 'EMFILE', 1)).check(file, sum), { code: 'EMFILE' });
    await assert.rejects(buffer((await failing('read', 'EIO')).read(file, 0, 5)), { code: 'EIO' });
    await assert.rejects(buffer((await failing('open', 'EMFILE', 1)).read(file, 0, 5)), { code: 'EMFILE' });
    const nobody = async () => assert.fail();
    await assert.rejects((await failing('read', 'EIO')).feed(file, 0, 5, nobody), { code: 'EIO' });
    await assert.rejects((await failing('open', 'EMFILE', 1)).feed(file, 0, 5, nobody), { code: 'EMFILE' });
    await assert.rejects(
      (await failing('close', 'EIO', 1)).feed(file, 0, 5, async () => undefined),
      { code: 'EIO' },
    );
  });

  // One open, one sync and one mkdir happen while the folder is opened; then come the file, the folder's entry and the folder.
  const places: readonly (readonly [Place, number])[] = [
    ['open', 1],
    ['open', 2],
    ['open', 3],
    ['write', 0],
    ['sync', 1],
    ['sync', 2],
    ['sync', 3],
    ['close', 1],
    ['mkdir', 1],
    ['rename', 0],
  ];
  for (const [place, spared] of places)
    for (const code of ['ENOSPC', 'EDQUOT'])
      test(`${code} at ${place} ${spared}: a clear error, and nothing is left`, async () => {
        for (const content of [HELLO, Readable.from([HELLO])]) {
          const files = await failing(place, code, spared);
          await assert.rejects(
            files.write(content),
            refused('InternalError.System', /disk .* is full.*free some space/),
          );
          assert.deepEqual(filesIn(dir), []);
          rmSync(dir, { recursive: true });
          mkdirSync(dir);
        }
      });

  test('other errors come as they are, and nothing is left', async () => {
    for (const place of ['write', 'rename'] as const) {
      await assert.rejects((await failing(place, 'EIO')).write(HELLO), { code: 'EIO' });
      assert.deepEqual(filesIn(dir), []);
    }
    await assert.rejects((await failing('sync', 'EIO', 1)).write(HELLO), { code: 'EIO' });
    assert.deepEqual(filesIn(dir), []);
  });

  test('the folder that could not be made is made by the next writer', async () => {
    let broken = true;
    const chance = new SeededIds();
    const alike = Object.assign(new SeededIds(), {
      bytes: (count: number) => (count === 1 ? Buffer.of(0xab) : chance.bytes(count)),
    });
    const fault: Fault = place => {
      if (broken && place === 'mkdir' && existsSync(join(dir, 'unfinished'))) throw coded('ENOSPC');
    };
    const files = await openObjectFiles(dir, { ids: alike, disk: faultyDisk(fault) });
    await assert.rejects(files.write(HELLO), refused('InternalError.System', /full/));
    broken = false;
    const { file } = await files.write(HELLO);
    assert.equal(file.slice(0, 2), 'ab');
    assert.deepEqual(filesIn(dir), [file]);
  });

  test('content that breaks off before its file is there leaves none', async () => {
    const opening = Promise.withResolvers<void>();
    const disk = faultyDisk(() => undefined);
    const late: typeof disk.open = async (path, ...how) => {
      if (how[0] === 'wx') await opening.promise;
      return disk.open(path, ...how);
    };
    const files = await openObjectFiles(dir, { ids, disk: { ...disk, open: late } });
    const source = new PassThrough();
    const writing = assert.rejects(files.write(source), /the client has gone/);
    source.destroy(new Error('the client has gone'));
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    opening.resolve();
    await writing;
    assert.deepEqual(filesIn(dir), []);
  });

  test('a disk that fills up in the middle leaves the request to be answered', async () => {
    const files = await failing('write', 'ENOSPC', 2);
    const endless = function* () {
      for (;;) yield Buffer.alloc(MB / 4);
    };
    const source = Readable.from(endless());
    await assert.rejects(files.write(source), refused('InternalError.System', /full/));
    assert.equal(source.destroyed, false);
    assert.deepEqual(filesIn(dir), []);
    // An error that comes after that is nobody's and ends nothing.
    source.destroy(new Error('and then the client went away'));
  });

  test('a write that takes nothing is a full disk', async () => {
    const files = await faulty(() => undefined, 0);
    await assert.rejects(files.write(HELLO), refused('InternalError.System', /full/));
    assert.deepEqual(filesIn(dir), []);
  });

  test('a copy that fails leaves nothing', async () => {
    const { file } = await (await openObjectFiles(dir, { ids })).write(HELLO);
    const faults: readonly (readonly [Place, string, number, string])[] = [
      ['link', 'ENOSPC', 0, 'InternalError.System'],
      ['link', 'EACCES', 0, 'InternalError.BlobUnwritable'],
      ['sync', 'ENOSPC', 2, 'InternalError.System'],
    ];
    for (const [place, code, spared, expected] of faults) {
      const files = await failing(place, code, spared);
      await assert.rejects(files.copy(file), refused(expected, /./));
      assert.deepEqual(filesIn(dir), [file], place);
    }
    for (const place of ['copyFile', 'sync', 'rename'] as const) {
      const after = place === 'sync' ? 2 : 0;
      const fails = failingAt(place, 'ENOSPC', after);
      const files = await faulty(here => {
        if (here === 'link') throw coded('EMLINK');
        fails(here);
      });
      await assert.rejects(files.copy(file), refused('InternalError.System', /full/));
      assert.deepEqual(filesIn(dir), [file], place);
    }
  });

  test('a link shares the bytes, a copy does not', async () => {
    const files = await openObjectFiles(dir, { ids });
    const { file } = await files.write(HELLO);
    const linked = await files.copy(file);
    const copied = await (await failing('link', 'EXDEV')).copy(file);
    const inode = (name: string) => statSync(pathOf(name)).ino;
    assert.equal(inode(linked), inode(file));
    assert.notEqual(inode(copied), inode(file));
    assert.deepEqual(await readFile(pathOf(copied)), HELLO);
    assert.equal(statSync(pathOf(copied)).mode & 0o777, 0o600);
  });

  test('no right to write is told from a full disk; a folder that cannot be made is refused at once', async () => {
    const files = await failing('open', 'EACCES', 1);
    await assert.rejects(files.write(HELLO), refused('InternalError.BlobUnwritable', /may write/));
    writeFileSync(join(dir, 'file'), '');
    await assert.rejects(openObjectFiles(join(dir, 'file', 'objects'), { ids }), {
      code: 'InternalError.BlobUnwritable',
    });
  });

  test('memory stays where it is while much goes through', async () => {
    const files = await openObjectFiles(dir, { ids });
    const chunk = Buffer.alloc(64 * 1024, 5);
    let most = 0;
    const source = () =>
      Readable.from(
        (function* () {
          for (let i = 0; i < 512; i++) {
            most = Math.max(most, process.memoryUsage().arrayBuffers);
            yield Buffer.from(chunk);
          }
        })(),
      );
    const spent = (chunk: Buffer) => void (chunk.buffer as ArrayBuffer).transfer(0);
    const before = process.memoryUsage().arrayBuffers;
    const [one] = await Promise.all([files.write(source(), { spent }), files.write(source(), { spent })]);
    assert.equal(one.bytes, 32 * MB);
    // Two blocks of each, and what its source has made in advance: not a collection is needed for that.
    assert.ok(most - before < 8 * MB, `${(most - before) / MB} MB`);
  });

  test('killed while it writes: all that was told is whole, the rest is swept', { timeout: 300_000 }, async () => {
    const told = new Map<string, string>();
    for (const lines of [1, 40, 150]) {
      for (const [file, sum] of await writeUntilKilled(dir, lines)) told.set(file, sum);
      const files = await openObjectFiles(dir, { ids });
      assert.deepEqual(readdirSync(join(dir, 'unfinished')), []);
      const left = filesIn(dir).length - told.size;
      assert.ok(left >= 0);
      assert.equal(await files.sweep(some => new Set(some.filter(file => told.has(file)))), left);
      assert.deepEqual(filesIn(dir).toSorted(), [...told.keys()].toSorted());
      for (const [file, sum] of told) assert.ok(await files.check(file, sum), file);
    }
    assert.ok(told.size >= 191, `${told.size}`);
  });
});

/** A process that writes and copies eight at a time and tells each name once it is promised; it is killed after so many lines. */
async function writeUntilKilled(dir: string, lines: number): Promise<ReadonlyMap<string, string>> {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { PassThrough, Readable } from 'node:stream';
    import { writeSync } from 'node:fs';
    import { openObjectFiles } from ${from('./files.ts')};
    import { SystemIds } from ${from('../core/ids.ts')};
    const files = await openObjectFiles(${JSON.stringify(dir)}, { ids: new SystemIds() });
    const tell = (file, sum) => writeSync(1, file + ' ' + sum + '\\n');
    async function writer(number) {
      for (let i = 0; ; i++) {
        const chunks = Array.from({ length: (i * 7 + number) % 12 }, (_, k) => Buffer.alloc(30_000, number + i * k));
        const { file, crc64 } = await files.write(Readable.from(chunks));
        tell(file, crc64);
        if (i % 3 === 0) tell(await files.copy(file), crc64);
      }
    }
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(writer));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const told = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [file = '', sum = ''] = line.split(' ');
    // A line is one write to a pipe, which takes it whole.
    told.set(file, sum);
    if (told.size === lines) child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  return told;
}
