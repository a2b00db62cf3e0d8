// The examples that make thumbnails: their READMEs' lines, one after the other, with the vendor's SDKs from the registries.
// An image goes into one bucket, and a smaller one comes out of the other.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { runIn } from '../../src/cli/fixture.ts';
import { until } from '../fixture.ts';
import { startTestServer, type TestServer } from '../harness.ts';
import { cleanEnv, sh } from './npm.ts';

const base = await mkdtemp(join(tmpdir(), 'openscf-thumbnails-'));
let server: TestServer;
before(async () => {
  server = await startTestServer({ memory: 4096 });
});
after(async () => {
  await server.close();
  await rm(base, { recursive: true, force: true });
});

const env = cleanEnv();
const works = (command: string, ...args: string[]) => spawnSync(command, args, { env, timeout: 60_000 }).status === 0;

/** In the folder `cwd`, as the READMEs say. */
async function cli(cwd: string, ...args: string[]): Promise<string> {
  const run = await runIn(cwd, ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
  assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
  return run.out;
}

/** pip of the very Python that the function will run on: compiled parts of libraries are for one alone. */
async function pipOf(runtime: string): Promise<NodeJS.ProcessEnv> {
  const listed = JSON.parse(await cli(base, '--json', 'runtime', 'ls')) as {
    runtimes: { runtime: string; path: string }[];
  };
  const python = listed.runtimes.find(one => one.runtime === runtime)?.path ?? assert.fail(runtime);
  await sh(base, env, python, '-m', 'venv', join(base, 'venv'));
  return { ...env, PATH: [join(base, 'venv', 'bin'), env.PATH].join(delimiter) };
}

/** A PNG of 8-bit RGB whose left half is red and whose right half is blue. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const numbers = [data.length, crc32(named)].map(number => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(number);
      return bytes;
    });
    return Buffer.concat([numbers[0] ?? named, named, numbers[1] ?? named]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const row = Buffer.alloc(1 + width * 3);
  for (let x = 0; x < width; x++) row.set(x < width / 2 ? [255, 0, 0] : [0, 0, 255], 1 + x * 3);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** Its size, and the first and the last pixel of its first row, which no filter of PNG changes but by the one before. */
function readPng(bytes: Buffer) {
  assert.equal(bytes.toString('latin1', 1, 4), 'PNG');
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const channels = bytes[25] === 6 ? 4 : 3;
  const [filter = 0, ...rest] = inflateSync(Buffer.concat(parts)).subarray(0, 1 + width * channels);
  const row = [...rest];
  // Sub (1) adds the pixel before, Paeth (4) comes to the same in a first row, Average (3) adds half of it.
  for (let at = channels; at < row.length; at++) {
    const left = row[at - channels] ?? 0;
    const added = filter === 1 || filter === 4 ? left : filter === 3 ? left >> 1 : 0;
    row[at] = ((row[at] ?? 0) + added) & 255;
  }
  return { width, height, first: row.slice(0, 3), last: row.slice(-channels).slice(0, 3) };
}

const npm = works('npm', 'view', 'jimp', 'version') ? false : 'npm is missing or its registry cannot be reached';
const pip = works('python3', '-c', 'import venv, ensurepip')
  ? false
  : 'there is no python3 with its venv module (apt-get install python3-venv)';

for (const { language, skip, envOf } of [
  { language: 'node', skip: npm, envOf: async () => env },
  { language: 'python', skip: pip, envOf: () => pipOf('Python3.10') },
])
  describe(`thumbnail-${language}`, { skip }, () => {
    const name = `thumbnail-${language}`;
    const dir = join(base, name);
    const photos = `cos://photos-${language}`;
    const thumbnails = `cos://thumbnails-${language}`;
    const log = () => cli(dir, 'logs', name);

    before(async () => {
      await cli(base, 'new', name, dir);
      await writeFile(join(dir, 'photo.jpg'), png(640, 320));
    });

    const logged = (text: string) =>
      until(`the log of ${name} has “${text}”`, async () => (await log()).includes(text));

    test('the lines of its README, one after the other', async () => {
      const readme = await readFile(join(dir, 'README.md'), 'utf8');
      const inChinese = await readFile(join(dir, 'README.zh.md'), 'utf8');
      const lines = [...readme.matchAll(/^ {4}(\S.*)$/gm)].map(one => String(one[1]));
      assert.deepEqual(
        [...inChinese.matchAll(/^ {4}(\S.*)$/gm)].map(one => one[1]),
        lines,
      );
      assert.equal(lines.length, 8);
      const installing = await envOf();
      for (const line of lines) {
        const [program, ...args] = line.split(' ');
        if (program === 'openscf') await cli(dir, ...args);
        else await sh(dir, installing, 'sh', '-c', line);
        if (line.includes('cos cp photo.jpg')) await logged(' → ');
      }
      const { width, height, first, last } = readPng(await readFile(join(dir, 'thumbnail.jpg')));
      assert.deepEqual([width, height], [200, 100]);
      for (const [channel, bright] of first.entries()) assert.ok(Math.abs(bright - (channel === 0 ? 255 : 0)) < 30);
      for (const [channel, bright] of last.entries()) assert.ok(Math.abs(bright - (channel === 2 ? 255 : 0)) < 30);
      assert.match(await log(), /holiday\/photo\.jpg \(640 × 320\) → thumbnails-\S+ \(200 × 100\)/);
    });

    test('small images stay as they are, other files are skipped, and keys are any text', async () => {
      await writeFile(join(dir, 'small.png'), png(30, 50));
      await cli(dir, 'cos', 'cp', 'small.png', `${photos}/相册/a b+c%20&d.png`);
      await cli(dir, 'cos', 'cp', 'README.md', `${photos}/notes.png`);
      await logged('skipped');
      const list = await until('the small one is there', async () => {
        const found = await cli(dir, 'cos', 'ls', '-r', thumbnails);
        return found.includes('相册') && found;
      });
      assert.ok(list.includes('相册/a b+c%20&d.png'), list);
      assert.ok(!list.includes('notes.png'), list);
      await cli(dir, 'cos', 'cp', `${thumbnails}/相册/a b+c%20&d.png`, 'back.png');
      const { width, height } = readPng(await readFile(join(dir, 'back.png')));
      assert.deepEqual([width, height], [30, 50]);
      assert.match(await log(), /skipped photos-\S+\/notes\.png: it is no image/);
    });
  });
