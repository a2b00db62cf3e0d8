import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerMembers, headerText } from './headertext.ts';

const read = (rawHeaders: string[], nameAs: (name: string) => string | undefined = name => name) =>
  JSON.parse(`{${headerMembers(rawHeaders, nameAs).slice(0, -1)}}`) as Record<string, string>;

test('names are in lower case, or as they are wanted, or left out', () => {
  assert.deepEqual(read(['Host', 'h', 'X-A', 'b']), { host: 'h', 'x-a': 'b' });
  assert.deepEqual(
    read(['Host', 'h', 'X-A', 'b'], name => (name === 'host' ? undefined : name.toUpperCase())),
    {
      'X-A': 'b',
    },
  );
  assert.equal(
    headerMembers([], name => name),
    '',
  );
});

test('a name that comes again has its values joined', () => {
  assert.deepEqual(read(['A', '1', 'Cookie', 'x=1', 'a', '2', 'cookie', 'y=2', 'A', '3', 'b', '']), {
    a: '1, 2, 3',
    cookie: 'x=1; y=2',
    b: '',
  });
  assert.deepEqual(
    read(['A', '1', 'B', '2', 'A', '3'], name => (name === 'a' ? undefined : name)),
    { b: '2' },
  );
});

test('values are read as UTF-8 and are JSON whatever is in them', () => {
  assert.equal(JSON.parse(headerText(Buffer.from('中"\\\t').toString('latin1'))), '中"\\\t');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      assert.equal(JSON.parse(headerText(Buffer.from(text).toString('latin1'))), Buffer.from(text).toString());
    }),
  );
});
