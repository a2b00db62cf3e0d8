import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundaryOf, MultipartError, parseMultipart } from './multipart.ts';

const parse = (text: string, boundary = 'B') => parseMultipart(Buffer.from(text), boundary);
const field = (name: string, value: string) =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

test('fields and files come in order, their bytes untouched', () => {
  const file =
    '--B\r\ncontent-disposition: form-data; name=f; filename="a \\"b\\".bin"\r\nContent-Type: text/x\r\n\r\n\r\n--\r\n\r\n';
  const parts = parse(`${field('a', '1')}${file}${field('empty', '')}--B--\r\n`);
  assert.deepEqual(
    parts.map(({ name, filename, contentType, content }) => [name, filename, contentType, content.toString()]),
    [
      ['a', undefined, undefined, '1'],
      ['f', 'a "b".bin', 'text/x', '\r\n--\r\n'],
      ['empty', undefined, undefined, ''],
    ],
  );
});

test('preamble, epilogue and spaces behind a boundary are passed over', () => {
  const parts = parse(`hello\r\n--B \t\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--bye`);
  assert.equal(parts[0]?.content.toString(), '1');
});

test('a body without a part is empty', () => {
  assert.deepEqual(parse('--B--\r\n'), []);
});

test('what is not well formed is refused', () => {
  const bad = [
    '',
    'text',
    '--B',
    '--B\r\n',
    field('a', '1'),
    `--B\r\n\r\nno name\r\n--B--`,
    `--B\r\nContent-Disposition: attachment; name="a"\r\n\r\n1\r\n--B--`,
    `--B\r\nContent-Disposition: form-data; name="a"\r\n--B--`,
    `--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--`,
    `--B\r\nX: ${'x'.repeat(9000)}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--`,
    `${field('a', '1').repeat(1001)}--B--`,
  ];
  for (const text of bad) assert.throws(() => parse(text), MultipartError, text.slice(0, 60));
});

test('boundaries are read quoted or plain', () => {
  assert.equal(boundaryOf('multipart/form-data; boundary=abc'), 'abc');
  assert.equal(boundaryOf('multipart/form-data; charset=utf-8; Boundary="a b"; x=y'), 'a b');
  assert.equal(boundaryOf('multipart/form-data'), undefined);
  assert.equal(boundaryOf(`multipart/form-data; boundary=${'x'.repeat(71)}`), undefined);
});

test('any contents survive, as long as the boundary is not in them', () => {
  const boundary = '-----------------------------9051914041544843365972754266';
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.string({ minLength: 1 }).filter(name => !/["\\\r\n%\0]/.test(name)),
          fc.uint8Array(),
        ),
      ),
      fields => {
        const pieces = fields.flatMap(([name, content]) => [
          Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
          content,
          Buffer.from('\r\n'),
        ]);
        const parts = parseMultipart(Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]), boundary);
        assert.deepEqual(
          parts.map(part => [part.name, Buffer.from(part.content)]),
          fields.map(([name, content]) => [name, Buffer.from(content)]),
        );
      },
    ),
  );
});

test('no bytes whatever make it do more than throw its error', () => {
  const mess = fc.array(
    fc.constantFrom('--B', '\r\n', '--', 'Content-Disposition: form-data; name="a"', ';', '"', '\0', 'x', '\r', ' '),
  );
  fc.assert(
    fc.property(mess, pieces => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof MultipartError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
