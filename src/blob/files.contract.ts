// What every store of objects' files does. A driver's test calls this with a way to open an empty one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../core/crc64.ts';
import type { ObjectFiles } from '../core/objects.ts';

export interface OpenedFiles {
  readonly files: ObjectFiles;
  /** How many there are, whole or not. */
  count(): Promise<number>;
  drop(): Promise<void>;
}

const hex = (algorithm: string, content: Buffer) => createHash(algorithm).update(content).digest('hex');
const MB = 1 << 20;

export function objectFilesContract(name: string, open: () => Promise<OpenedFiles>): void {
  describe(`object files contract: ${name}`, () => {
    let opened: OpenedFiles;
    let files: ObjectFiles;
    beforeEach(async () => {
      opened = await open();
      files = opened.files;
    });
    afterEach(() => opened.drop());

    test('content comes back as it was written, with its sums', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }),
          fc.boolean(),
          async (parts, sha1) => {
            const chunks = parts.map(part => Buffer.from(part));
            const content = Buffer.concat(chunks);
            const expected = {
              bytes: content.length,
              md5: hex('md5', content),
              sha1: sha1 ? hex('sha1', content) : '',
              crc64: crc64(content),
            };
            for (const source of [content, Readable.from(chunks, { objectMode: false })]) {
              const { file, ...sums } = await files.write(source, { sha1 });
              assert.deepEqual(sums, expected);
              assert.deepEqual(await buffer(files.read(file, 0, content.length)), content);
              assert.ok(await files.check(file, sums.crc64));
              await files.remove(file);
            }
          },
        ),
        { numRuns: 25 },
      );
      assert.equal(await opened.count(), 0);
    });

    test('any run of it can be read', async () => {
      const content = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * 31) >> 3));
      const { file } = await files.write(content);
      const place = fc.nat({ max: content.length });
      await fc.assert(
        fc.asyncProperty(place, place, async (a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          assert.ok((await buffer(files.read(file, from, to))).equals(content.subarray(from, to)), `${from} to ${to}`);
        }),
        { numRuns: 30 },
      );
      for (const at of [0, 256 * 1024, content.length])
        assert.equal((await buffer(files.read(file, at, at))).length, 0);
    });

    test("chunks are handed on one after another, and are the taker's until it is done with each", async () => {
      const content = Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * 31) >> 3));
      const { file } = await files.write(content);
      const place = fc.nat({ max: content.length });
      let taking = 0;
      const fed = async (from: number, to: number) => {
        const parts: Buffer[] = [];
        await files.feed(file, from, to, async chunk => {
          assert.equal(++taking, 1);
          const copy = Buffer.from(chunk);
          await new Promise(setImmediate);
          assert.ok(chunk.equals(copy), 'a chunk was filled anew while it was lent');
          taking--;
          parts.push(copy);
        });
        return Buffer.concat(parts);
      };
      await fc.assert(
        fc.asyncProperty(place, place, async (a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          assert.ok((await fed(from, to)).equals(content.subarray(from, to)), `${from} to ${to}`);
        }),
        { numRuns: 20 },
      );
      assert.equal((await fed(7, 7)).length, 0);
    });

    test('a taker that fails ends it, and what it holds is not filled anew', async () => {
      const content = Buffer.alloc(MB, 'lent');
      const { file } = await files.write(content);
      const kept: Buffer[] = [];
      const refused = new Error('no more');
      await assert.rejects(
        files.feed(file, 0, content.length, async chunk => {
          kept.push(chunk);
          throw refused;
        }),
        refused,
      );
      const before = kept.map(chunk => Buffer.from(chunk));
      const other = await files.write(Buffer.alloc(MB, 'else'));
      await files.feed(other.file, 0, MB, async () => undefined);
      assert.deepEqual(kept, before);
      assert.equal(kept.length, 1);
    });

    test('large content of many chunk sizes streams through', async () => {
      const sizes = [0, 1, 65_536, 300_000, 7, MB, 1000, 262_144];
      const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(sizes[i % sizes.length] ?? 0, i + 1));
      const content = Buffer.concat(chunks);
      const tiny = Array.from({ length: 3000 }, (_, i) => Buffer.from([i]));
      const { file, crc64: sum, bytes } = await files.write(Readable.from([...chunks, ...tiny]));
      const whole = Buffer.concat([content, ...tiny]);
      assert.equal(bytes, whole.length);
      assert.equal(sum, crc64(whole));
      assert.ok((await buffer(files.read(file, 0, bytes))).equals(whole));
    });

    test('chunks that are longer than what is written at once, and end anywhere in it', async () => {
      const step = 256 * 1024;
      const sizes = fc.array(fc.oneof(fc.constantFrom(step - 1, step, step + 1, 2 * step), fc.nat({ max: 3 * step })), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(sizes, fc.boolean(), async (lengths, sha1) => {
          const chunks = lengths.map((length, n) => Buffer.alloc(length, `${n} ${length} `));
          const content = Buffer.concat(chunks);
          const { file, ...sums } = await files.write(Readable.from(chunks), { sha1 });
          assert.deepEqual(sums, {
            bytes: content.length,
            md5: hex('md5', content),
            sha1: sha1 ? hex('sha1', content) : '',
            crc64: crc64(content),
          });
          assert.ok((await buffer(files.read(file, 0, content.length))).equals(content));
          await files.remove(file);
        }),
        { numRuns: 25 },
      );
    });

    test('text is its UTF-8', async () => {
      const { file, bytes } = await files.write(Readable.from(['对象', '存储'], { objectMode: true }));
      assert.equal(bytes, 12);
      assert.equal((await buffer(files.read(file, 0, bytes))).toString(), '对象存储');
    });

    test('the same content twice is two files', async () => {
      const [a, b] = await Promise.all([files.write(Buffer.from('same')), files.write(Buffer.from('same'))]);
      assert.notEqual(a.file, b.file);
      await files.remove(a.file);
      assert.ok(await files.check(b.file, b.crc64));
    });

    test('a copy outlives what it was made of', async () => {
      const content = Buffer.alloc(100_000, 'copy');
      const { file, crc64: sum } = await files.write(content);
      const copies = await Promise.all([files.copy(file), files.copy(file)]);
      assert.equal(new Set([file, ...copies]).size, 3);
      await files.remove(file);
      for (const copy of copies) {
        assert.ok(await files.check(copy, sum));
        assert.ok((await buffer(files.read(copy, 0, content.length))).equals(content));
      }
      assert.equal(await opened.count(), 2);
    });

    test('what is not there is missed', async () => {
      const { file, bytes, crc64: sum } = await files.write(Buffer.from('gone'));
      await files.remove(file);
      await files.remove(file);
      await assert.rejects(buffer(files.read(file, 0, bytes)), /FileDamaged.*is missing or cut short/);
      await assert.rejects(
        files.feed(file, 0, bytes, async () => assert.fail()),
        /FileDamaged.*is missing or cut short/,
      );
      await assert.rejects(files.copy(file), /FileDamaged/);
      assert.equal(await files.check(file, sum), false);
    });

    test('reading behind its end fails, having given what is there', async () => {
      const { file, bytes } = await files.write(Buffer.from('short'));
      const stream = files.read(file, 1, bytes + 1);
      const got: Buffer[] = [];
      await assert.rejects(async () => {
        for await (const chunk of stream) got.push(chunk as Buffer);
      }, /cut short/);
      assert.equal(Buffer.concat(got).toString(), 'hort');
    });

    test('a name that is none is never a path', async () => {
      for (const bad of ['', '.', '..', '../../etc/passwd', 'AB'.repeat(16), `${'a'.repeat(31)}/`, 'a'.repeat(33)]) {
        await assert.rejects(buffer(files.read(bad, 0, 1)), /FileDamaged/);
        await assert.rejects(files.copy(bad), /FileDamaged/);
        assert.equal(await files.check(bad, '0'), false);
        await files.remove(bad);
      }
    });

    test('a source that fails is passed on and leaves nothing', async () => {
      const stop = new Error('the upload broke off');
      for (const before of [0, 10, 3 * MB]) {
        const source = Readable.from(
          (async function* () {
            yield Buffer.alloc(before);
            throw stop;
          })(),
        );
        await assert.rejects(files.write(source), error => error === stop);
        assert.equal(await opened.count(), 0);
      }
    });

    test('a source that ends before it is read, with an error or without', async () => {
      const stop = new Error('gone at once');
      const failing = new PassThrough();
      const written = files.write(failing);
      failing.destroy(stop);
      await assert.rejects(written, error => error === stop);
      const closed = new PassThrough();
      closed.destroy();
      await assert.rejects(files.write(closed), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
      assert.equal(await opened.count(), 0);
    });

    test('a client that breaks off leaves nothing', async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const client = request({ port, host: '127.0.0.1', method: 'PUT', headers: { 'content-length': 10 * MB } });
      client.on('error', () => undefined);
      client.write(Buffer.alloc(2 * MB));
      const [body] = (await once(server, 'request')) as [Readable];
      const written = files.write(body);
      await once(body, 'readable');
      client.destroy();
      await assert.rejects(written, { code: 'ECONNRESET' });
      assert.equal(await opened.count(), 0);
      server.close();
      await once(server, 'close');
    });

    test('a reader may stop early, and who never began leaves nothing open', async () => {
      const { file } = await files.write(Buffer.alloc(2 * MB));
      const stream = files.read(file, 0, 2 * MB);
      for await (const _ of stream) break;
      assert.ok(stream.destroyed);
      const unread = files.read(file, 0, 2 * MB);
      unread.destroy();
      await once(unread, 'close');
      const hasty = files.read(file, 0, 2 * MB);
      hasty.read();
      hasty.destroy();
      await once(hasty, 'close');
      await files.remove(file);
    });

    test('who reads reads on when it is removed', async () => {
      const { file } = await files.write(Buffer.alloc(2 * MB, 1));
      const stream = files.read(file, 0, 2 * MB);
      await once(stream, 'readable');
      await files.remove(file);
      assert.equal((await buffer(stream)).length, 2 * MB);
    });

    test('many at once', async () => {
      const contents = Array.from({ length: 40 }, (_, i) => Buffer.alloc(i * 9973, `content ${i}`));
      const written = await Promise.all(contents.map(content => files.write(Readable.from([content]))));
      for (const [i, { file, crc64: sum }] of written.entries()) {
        assert.equal(sum, crc64(contents[i] ?? Buffer.alloc(0)));
        assert.ok(await files.check(file, sum));
      }
      assert.equal(await opened.count(), 40);
    });

    test('a sweep takes what nobody names, and nothing that came since the start', async () => {
      const before = await Promise.all(Array.from({ length: 5 }, () => files.write(Buffer.from('before'))));
      assert.equal(await files.sweep(() => new Set()), 0);
      const kept = new Set([before[0]?.file ?? '', before[3]?.file ?? '']);
      const asked: string[] = [];
      const removed = await files.sweep(some => {
        asked.push(...some);
        return kept;
      });
      assert.equal(removed, 3);
      assert.deepEqual(asked.toSorted(), before.map(one => one.file).toSorted());
      assert.equal(await opened.count(), 2);
      for (const file of kept) assert.ok(await files.check(file, crc64(Buffer.from('before'))));
    });
  });
}
