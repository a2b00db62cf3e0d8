import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pace } from './pace.ts';

function paceAfter(...commits: readonly number[]): Pace {
  const pace = new Pace();
  for (const ms of commits) pace.heard(ms);
  return pace;
}

const many = (ms: number, count = 50) => Array.from({ length: count }, () => ms);

describe('the pace of batches', () => {
  test('on a slow disk, or one that is not known, one batch at a time takes all', () => {
    for (const pace of [paceAfter(), paceAfter(...many(10))]) {
      assert.equal(pace.share(1, 0), 1);
      assert.equal(pace.share(64, 0), 64);
      assert.equal(pace.share(64, 1), 0);
    }
  });

  test('on a fast disk two halves take turns', () => {
    const pace = paceAfter(...many(0.2));
    assert.equal(pace.share(64, 0), 32);
    assert.equal(pace.share(32, 1), 32);
    assert.equal(pace.share(5, 2), 0);
    assert.equal(pace.share(33, 0), 17);
  });

  test('few are not halved', () => {
    const pace = paceAfter(...many(0.2));
    assert.equal(pace.share(1, 0), 1);
    assert.equal(pace.share(15, 0), 15);
    assert.equal(pace.share(1, 1), 1);
  });

  test('a batch has its largest size, however many wait', () => {
    assert.equal(paceAfter(...many(10)).share(100_000, 0), 512);
    assert.equal(paceAfter(...many(0.2)).share(100_000, 0), 512);
    assert.equal(paceAfter(...many(0.2)).share(100_000, 1), 512);
  });

  test('nothing waits, nothing goes', () => assert.equal(paceAfter(...many(0.2)).share(0, 0), 0));

  test('one slow commit changes nothing, several do, and it is found out when the disk is fast again', () => {
    const fast = many(0.2);
    assert.equal(paceAfter(...fast, 80).share(5, 1), 5);
    const slow = [...fast, ...many(20, 5)];
    assert.equal(paceAfter(...slow).share(5, 1), 0);
    assert.equal(paceAfter(...slow, ...fast).share(5, 1), 5);
  });
});
