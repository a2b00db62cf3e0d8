import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockedBy, type Facts, NO_CGROUPS, NOT_ROOT, protects, weaknesses } from './words.ts';

const FULL: Facts = { user: 'own', cgroups: 'used', bound: true, filtered: true };
/** All of it, as one text. */
const told = (facts: Facts, lang: 'zh' | 'en') =>
  weaknesses(facts)
    .map(({ whole }) => whole[lang])
    .join('; ');
const BARE: Facts = { user: NOT_ROOT, cgroups: NO_CGROUPS, bound: false, filtered: false };

test('with everything there is little left to say', () => {
  assert.match(protects(FULL), /user of its own.*kernel limits its memory.*filter/);
  const en = told(FULL, 'en');
  assert.match(en, /share the network.*\/tmp; functions can read files that everybody/);
  assert.doesNotMatch(en, /outlives|watched|user of this server/);
  assert.equal(weaknesses(FULL).length, 2);
});

test('with nothing every weakness is named, in both languages', () => {
  assert.doesNotMatch(protects(BARE), /user of its own|kernel|filter/);
  const [en, zh] = [told(BARE, 'en'), told(BARE, 'zh')];
  for (const each of [
    /user of this server.*as root/,
    /watched every/,
    /not limited/,
    /session of its own/,
    /util-linux/,
  ])
    assert.match(en, each);
  for (const each of [/以本服务的用户身份/, /每 20–50 毫秒/, /不限制进程数/, /util-linux/]) assert.match(zh, each);
});

test('a user of its own holds together what groups do not', () => {
  const en = told({ ...FULL, cgroups: NO_CGROUPS }, 'en');
  assert.match(en, /watched/);
  assert.doesNotMatch(en, /outlives/);
});

test('who shares the user of the server can leave a group that it owns', () => {
  assert.match(told({ ...FULL, user: NOT_ROOT }, 'en'), /leave its control group/);
  assert.doesNotMatch(told(FULL, 'en'), /leave/);
});

test('the folder in the way is named, with what to do', () => {
  assert.match(blockedBy('/root').en, /\/root.*--data/);
  assert.match(blockedBy('/root').zh, /\/root.*--data/);
});
