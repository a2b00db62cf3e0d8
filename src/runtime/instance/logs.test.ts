import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogBuffer, MarkScanner, markOf } from './logs.ts';

function logOf(limit: number, ...parts: string[]): string {
  const log = new LogBuffer(limit);
  for (const part of parts) log.add(Buffer.from(part));
  return log.text();
}

test('a log is its parts in order', () => {
  assert.equal(logOf(100), '');
  assert.equal(logOf(100, 'a', '', 'b\n', '日志'), 'ab\n日志');
  assert.equal(logOf(3, 'abc'), 'abc');
});

test('many small parts are kept', () => {
  const parts = Array.from({ length: 1000 }, (_, index) => `${index}\n`);
  assert.equal(logOf(100_000, ...parts), parts.join(''));
});

test('a log over its limit is cut with a mark, between characters', () => {
  const mark = '\n[PLATFORM] The log of this run was cut at 4 bytes.\n';
  assert.equal(logOf(4, 'abcdef'), `abcd${mark}`);
  assert.equal(logOf(4, 'ab', 'cd', 'e', 'f'), `abcd${mark}`);
  assert.equal(logOf(4, '日日'), `日${mark}`);
  assert.equal(logOf(4, 'a😀'), `a${mark}`);
  assert.equal(logOf(4, 'a日b'), `a日${mark}`.replace('b', 'b'));
});

test('a line of the platform stands in a line of its own and is never cut', () => {
  const other = new LogBuffer(4);
  other.add(Buffer.from('ab'));
  other.addLine('x');
  assert.equal(other.text(), 'ab\nx\n');
  other.addLine('y');
  assert.equal(other.text(), 'ab\nx\ny\n');
  const full = new LogBuffer(4);
  full.add(Buffer.from('abcdef'));
  full.addLine('x');
  full.add(Buffer.from('more'));
  full.addLine('y');
  assert.equal(full.text(), 'abcd\n[PLATFORM] The log of this run was cut at 4 bytes.\nx\ny\n');
});

test('a cut never makes half a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      (text, limit) => {
        const whole = Buffer.from(text).toString();
        assert.ok(!logOf(limit, whole).replaceAll('\ufffd', '').includes('\ufffd'));
        const [kept = ''] = logOf(limit, whole).split('\n[PLATFORM]');
        assert.ok(whole.startsWith(kept) || limit > Buffer.byteLength(whole));
      },
    ),
  );
});

interface Seen {
  readonly runs: string[];
}

function scan(chunks: readonly Buffer[], token = 'feed'): Seen {
  const runs = [''];
  const scanner = new MarkScanner(
    token,
    chunk => {
      runs[runs.length - 1] += chunk.toString('latin1');
    },
    () => runs.push(''),
  );
  for (const chunk of chunks) scanner.push(chunk);
  scanner.flush();
  return { runs };
}

test('what begins like a mark and is none is text, and hides none', () => {
  const mark = markOf('feed', 7);
  const { runs } = scan([Buffer.from('\x1efeed'), mark, Buffer.from('\x1efeedxxxxxxxx\n'), mark, Buffer.from('rest')]);
  assert.deepEqual(runs, ['\x1efeed', '\x1efeedxxxxxxxx\n', 'rest']);
});

test('marks tell runs apart, however the stream is cut', () => {
  // Texts made of the mark's own bytes are the hard ones.
  const piece = fc.string({ unit: fc.constantFrom('\x1e', 'f', 'e', 'd', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 7 })),
      (texts, lengths) => {
        const mark = markOf('feed', 7).toString('latin1');
        const clean = texts.map(text => text.replaceAll(mark, ''));
        // A text that ends like a mark begins would make the cut ambiguous to read, not to scan.
        const stream = Buffer.from(clean.join(mark), 'latin1');
        const expected = stream.toString('latin1').split(mark);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const length of lengths) {
          chunks.push(stream.subarray(at, at + length));
          at += length;
        }
        chunks.push(stream.subarray(at));
        assert.deepEqual(scan(chunks).runs, expected);
      },
    ),
  );
});

test('what looks like the beginning of a mark is given back when the stream ends', () => {
  assert.deepEqual(scan([Buffer.from('a\x1efe')]).runs, ['a\x1efe']);
  assert.deepEqual(scan([Buffer.from('a\x1efe'), Buffer.from('ed00000001\nb')]).runs, ['a', 'b']);
});

test('text is handed on at once when it cannot be a mark', () => {
  const texts: string[] = [];
  const scanner = new MarkScanner(
    'feed',
    chunk => texts.push(chunk.toString()),
    () => {},
  );
  scanner.push(Buffer.from('one'));
  scanner.push(Buffer.from('\x1eother'));
  assert.deepEqual(texts, ['one', '\x1eother']);
});
