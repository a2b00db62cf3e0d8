import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readForm } from './form.ts';

const BOUNDARY = 'X-boundary';

interface Sent {
  readonly name: string;
  readonly value: string | Buffer;
  readonly filename?: string;
}

function written(parts: readonly Sent[], end = `--${BOUNDARY}--\r\n`): Buffer {
  const pieces = parts.flatMap(({ name, value, filename }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: image/png`}\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(end)]);
}

/** In chunks of this size. */
function streamed(body: Buffer, chunkBytes: number): Readable {
  const chunks = function* () {
    for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
  };
  return Readable.from(chunks(), { objectMode: false });
}

const read = (body: Buffer | string, chunkBytes = 7) => readForm(streamed(Buffer.from(body), chunkBytes), BOUNDARY);

async function whole(body: Buffer | string, chunkBytes?: number) {
  const { file, ...rest } = await read(body, chunkBytes);
  return { ...rest, content: await buffer(file) };
}

const broken = (body: Buffer | string, code = 'MalformedPOSTRequest') => assert.rejects(whole(body), { code });

test('fields, then the file, however the chunks fall', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 80 }),
      async (values, bytes, tricky, chunkBytes) => {
        // What looks like the boundary for a while.
        const content = Buffer.concat([
          Buffer.from(bytes),
          Buffer.from(tricky ? `\r\n--${BOUNDARY.slice(0, -1)}\r\n--` : ''),
        ]);
        const fields = values.map((value, i) => ({ name: `f${i}`, value }));
        const body = written([...fields, { name: 'file', value: content, filename: 'a.png' }]);
        const got = await whole(body, chunkBytes);
        assert.deepEqual(
          got.fields,
          fields.map(({ name, value }) => [name, value]),
        );
        assert.equal(got.filename, 'a.png');
        assert.ok(got.content.equals(content));
      },
    ),
    { numRuns: 200 },
  );
});

describe('forms as clients write them', () => {
  const file = { name: 'file', value: 'x', filename: 'a' };

  test('a preamble, spaces behind boundaries, quotes in names, UTF-8', async () => {
    const body = `hello\r\n--${BOUNDARY}  \r\ncontent-disposition: FORM-DATA; name="a%22b\\"c"\r\n\r\n腾\r\n${written([file])}`;
    const got = await whole(body);
    assert.deepEqual(got.fields, [['a"b"c', '腾']]);
    assert.equal(got.content.toString(), 'x');
  });

  test('what comes behind the file counts for nothing', async () => {
    const got = await whole(written([file, { name: 'late', value: 'y' }]));
    assert.deepEqual([got.fields, got.content.toString()], [[], 'x']);
  });

  test('no file, or two', async () => {
    await broken(written([{ name: 'a', value: '' }]), 'IncorrectNumberOfFilesInPostRequest');
    await broken(written([file, file]), 'IncorrectNumberOfFilesInPostRequest');
  });
});

describe('forms that are none', () => {
  const file = { name: 'file', value: 'x'.repeat(50), filename: 'a' };
  const good = written([{ name: 'key', value: 'k' }, file]);

  test('break off anywhere', async () => {
    // But for the line break behind the end.
    for (let length = 0; length < good.length - 2; length += 5) await broken(good.subarray(0, length));
  });

  test('have no names, no boundary or too much', async () => {
    await broken('');
    await broken('x'.repeat(10_000));
    await broken(`--${BOUNDARY}x\r\n\r\n`);
    await broken(`--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--${BOUNDARY}--`);
    await broken(`--${BOUNDARY}\r\n${'h: x\r\n'.repeat(3000)}\r\nx\r\n--${BOUNDARY}--`);
    await broken(written([{ name: 'a', value: 'x'.repeat(200_000) }, file]));
    await broken(written([...Array.from({ length: 201 }, (_, i) => ({ name: `f${i}`, value: '' })), file]));
  });

  test('an error of the request is one of the file', async () => {
    const source = async function* () {
      yield good.subarray(0, good.length - 60);
      throw new Error('gone');
    };
    const { file: content } = await readForm(Readable.from(source(), { objectMode: false }), BOUNDARY);
    await assert.rejects(buffer(content), { message: 'gone' });
  });

  test('whatever comes is read or refused', async () => {
    const shards = fc.constantFrom(
      '\r\n',
      `--${BOUNDARY}`,
      '--',
      'Content-Disposition: form-data; name="file"',
      'x',
      ' ',
      ';',
      '"',
      '\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(shards, fc.string()), { maxLength: 15 }), async parts => {
        const error = await whole(`--${BOUNDARY}\r\n${parts.join('')}`, 11).then(
          () => undefined,
          (given: Error) => given,
        );
        const codes = ['MalformedPOSTRequest', 'IncorrectNumberOfFilesInPostRequest', undefined];
        assert.ok(
          codes.includes((error as { code?: string } | undefined)?.code) && error?.name !== 'TypeError',
          String(error),
        );
      }),
      { numRuns: 500 },
    );
  });
});
