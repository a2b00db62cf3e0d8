// That the book of the object store's campaigns finds what is wrong.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Attempt, Book, bytesOf, type Seen, type Value } from './cos-book.ts';

const PLACE = { bucket: 'b-1', key: 'k', versioned: false };
const value = (op: string): Value => ({ op, pieces: [{ id: op, bytes: 10 }] });
const put = (op: string): Attempt => ({ place: PLACE, after: (_, fresh) => new Map([[fresh, value(op)]]) });
const REMOVE: Attempt = { place: PLACE, after: before => (before.size === 0 ? before : new Map()) };
const read = (op: string, content = op): Seen => ({
  op,
  md5: createHash('md5')
    .update(bytesOf({ id: content, bytes: 10 }))
    .digest('hex'),
});
const only = (seen: Seen) => new Map([['', seen]]);

function written(op: string): Book {
  const book = new Book();
  const attempt = put(op);
  book.begin(attempt);
  book.answer(attempt, `id of ${op}`);
  return book;
}

test('what was answered and is gone, old, or not whole', () => {
  for (const seen of [new Map<string, Seen>(), only(read('b')), only(read('a', 'torn')), only('marker')])
    assert.match(written('a').see(PLACE, seen) ?? '', /^b-1\/k has .*; answered was -: a /);
  assert.equal(written('a').see(PLACE, only(read('a'))), undefined);
});

test('what was not answered is whole or not there', () => {
  for (const [seen, done, undone] of [
    [read('a'), 0, 1],
    [read('b'), 1, 0],
  ] as const) {
    const book = written('a');
    book.begin(put('b'));
    assert.deepEqual(book.inDoubt(), [PLACE]);
    assert.equal(book.see(PLACE, only(seen)), undefined);
    assert.deepEqual([book.done, book.undone, book.inDoubt()], [done, undone, []]);
    assert.equal(book.see(PLACE, only(seen)), undefined, 'from now on it is what is there');
  }
  const book = written('a');
  book.begin(put('b'));
  assert.match(book.see(PLACE, only(read('b', 'a'))) ?? '', /or unanswered -: b /);
});

test('what was refused is not there', () => {
  const book = written('a');
  const attempt = put('b');
  book.begin(attempt);
  book.refuse(attempt);
  assert.match(book.see(PLACE, only(read('b'))) ?? '', /^b-1\/k has -: b .*; answered was -: a [0-9a-f]+$/);
});

test('events of what was answered', () => {
  const book = written('a');
  assert.deepEqual(book.complaints(), ['b-1/k: nobody was told of id of a']);
  book.tell('id of a', 'b-1', 'k');
  book.tell('id of a', 'b-1', 'k');
  assert.deepEqual(book.complaints(), []);
  book.tell('id of a', 'b-1', 'other');
  assert.deepEqual(book.complaints(), ['id of a wrote b-1/k, and b-1/other was told']);
});

test('events of what was not answered: one for each that was done, none of others', () => {
  const book = written('a');
  book.tell('id of a', 'b-1', 'k');
  book.begin(put('b'));
  book.see(PLACE, only(read('b')));
  const [unequal = ''] = book.complaints();
  assert.equal(unequal, 'b-1/k: told of 0 writes without an answer, and 1 were done');
  book.tell('whose', 'b-1', 'k');
  assert.deepEqual(book.complaints(), []);
  book.tell('another', 'b-1', 'k');
  assert.equal(book.complaints().length, 1);
});

test('removing what there is not is told to nobody', () => {
  const book = new Book();
  book.begin(REMOVE);
  book.answer(REMOVE, 'id');
  assert.deepEqual(book.complaints(), []);
});
