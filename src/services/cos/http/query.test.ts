import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededIds } from '../../../core/ids.ts';
import { numberIn, queryOf } from './query.ts';
import { requestIdOf, traceIdOf } from './requestid.ts';

test('names without regard to case, the first of several, values decoded once', () => {
  const query = queryOf('versionId=MTg0&acl&prefix=a%2Fb+c%252F&prefix=z&&empty=&%E8%85%BE=%E8%AE%AF');
  assert.equal(query.get('versionid'), 'MTg0');
  assert.equal(query.get('acl'), '');
  assert.equal(query.get('prefix'), 'a/b c%2F');
  assert.equal(query.get('empty'), '');
  assert.equal(query.get('腾'), '讯');
  assert.equal(query.get('none'), undefined);
  assert.deepEqual(query.names, ['versionid', 'acl', 'prefix', 'empty', '腾']);
  assert.equal(queryOf(`prefix=${Buffer.from('腾').toString('latin1')}`).get('prefix'), '腾');
});

test('what cannot be decoded is refused', () => assert.throws(() => queryOf('a=%zz'), { code: 'InvalidURI' }));

test('numbers', () => {
  const query = queryOf('n=7&x=1e3&y=-1&z=1001&e=');
  assert.equal(numberIn(query, 'n', 0, 1000, 5), 7);
  assert.equal(numberIn(query, 'e', 0, 1000, 5), 5);
  assert.equal(numberIn(query, 'none', 0, 1000, 5), 5);
  for (const name of ['x', 'y', 'z'])
    assert.throws(() => numberIn(query, name, 0, 1000, 5), { code: 'InvalidArgument' }, name);
});

test('ids are of the documented form', () => {
  const ids = new SeededIds();
  const id = requestIdOf(0x5e903dc9 * 1000, ids);
  assert.match(Buffer.from(id, 'base64').toString(), /^5e903dc9_[\da-f]{8}_[\da-f]{4}_[\da-f]{4}$/);
  assert.ok(id.startsWith('NWU5MDNkYzlf'));
  assert.notEqual(requestIdOf(0, ids), requestIdOf(0, ids));
  assert.match(traceIdOf(id, ids), /^[\w+/=]{60,}$/);
});
