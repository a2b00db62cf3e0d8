// What every blob store does. A driver's test calls this with a way to open an empty one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Blob } from '../core/ports.ts';

export interface OpenedBlob {
  readonly blob: Blob;
  drop(): Promise<void>;
}

const sha256Of = (content: Buffer) => createHash('sha256').update(content).digest('hex');

export async function read(blob: Blob, sha256: string): Promise<Buffer | undefined> {
  const stream = await blob.get(sha256);
  return stream && (await buffer(stream));
}

export function blobContract(name: string, open: () => Promise<OpenedBlob>): void {
  describe(`blob contract: ${name}`, () => {
    let opened: OpenedBlob;
    let blob: Blob;
    beforeEach(async () => {
      opened = await open();
      blob = opened.blob;
    });
    afterEach(() => opened.drop());

    test('bytes come back as they were put, under their hash', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 5 }), async parts => {
          const chunks = parts.map(part => Buffer.from(part));
          const content = Buffer.concat(chunks);
          const expected = { sha256: sha256Of(content), bytes: content.length };
          assert.deepEqual(await blob.put(Readable.from(chunks, { objectMode: false })), expected);
          assert.deepEqual(await read(blob, expected.sha256), content);
          await blob.delete(expected.sha256);
          assert.equal(await blob.get(expected.sha256), undefined);
          assert.deepEqual(await blob.put(content), expected);
          assert.deepEqual(await read(blob, expected.sha256), content);
        }),
        { numRuns: 25 },
      );
    });

    test('large content streams through', async () => {
      const chunk = Buffer.alloc(1 << 20, 'abcdefg');
      const chunks = Array.from({ length: 9 }, () => chunk);
      const { sha256, bytes } = await blob.put(Readable.from(chunks));
      assert.equal(bytes, 9 << 20);
      const hash = createHash('sha256');
      for await (const part of (await blob.get(sha256)) ?? []) hash.update(part as Buffer);
      assert.equal(hash.digest('hex'), sha256);
    });

    test('the same content is one blob, even when put at once', async () => {
      const content = Buffer.from('the same');
      const made = await Promise.all(Array.from({ length: 10 }, () => blob.put(content)));
      assert.equal(new Set(made.map(one => one.sha256)).size, 1);
      await blob.delete(sha256Of(content));
      assert.equal(await blob.get(sha256Of(content)), undefined);
    });

    test('nothing under a name is undefined; deleting it is no error', async () => {
      const absent = sha256Of(Buffer.from('absent'));
      assert.equal(await blob.get(absent), undefined);
      await blob.delete(absent);
    });

    test('a name that is no hash is never a path', async () => {
      for (const bad of ['', '..', '../../etc/passwd', 'AB'.repeat(32), `${'a'.repeat(63)}/`, '.', 'a'.repeat(65)]) {
        assert.equal(await blob.get(bad), undefined, bad);
        await blob.delete(bad);
      }
      await blob.put(Buffer.from('still works'));
    });

    test('a source that fails is passed on and leaves nothing', async () => {
      const stop = new Error('the upload broke off');
      const source = Readable.from(
        (async function* () {
          yield Buffer.from('half');
          throw stop;
        })(),
      );
      await assert.rejects(blob.put(source), error => error === stop);
      assert.equal(await blob.get(sha256Of(Buffer.from('half'))), undefined);
    });

    test('a reader may stop early', async () => {
      const { sha256 } = await blob.put(Buffer.alloc(1 << 20));
      const stream = await blob.get(sha256);
      assert.ok(stream);
      for await (const _ of stream) break;
      assert.ok(stream.destroyed);
      await blob.delete(sha256);
    });
  });
}
