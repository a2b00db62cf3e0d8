import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import { throws } from './fixture.ts';
import { checkTag, checkTags } from './tag-rules.ts';

test('what the documents allow is allowed', () => {
  for (const text of [
    'team',
    '部门',
    'a b',
    '+-=._:/@()[],;><',
    '＋（）【】：',
    'É',
    '0',
    'x'.repeat(127),
    '𠀀'.repeat(127),
  ])
    checkTag({ Key: text, Value: text });
  checkTag({ Key: 'k', Value: 'x'.repeat(255) });
  checkTag({ Key: 'k', Value: 'project' });
  checkTag({ Key: 'myproject', Value: 'qcs:x' });
  checkTags([]);
  checkTags([
    { Key: 'a', Value: 'x' },
    { Key: 'A', Value: 'x' },
  ]);
});

const BAD: readonly (readonly [key: string, value: string, code: string])[] = [
  ['', 'v', 'TagKeyEmpty'],
  ['x'.repeat(128), 'v', 'TagKeyLengthExceeded'],
  [' k', 'v', 'TagKeyCharacterIllegal'],
  ['k ', 'v', 'TagKeyCharacterIllegal'],
  ['k!', 'v', 'TagKeyCharacterIllegal'],
  ['k\n', 'v', 'TagKeyCharacterIllegal'],
  ['😀', 'v', 'TagKeyCharacterIllegal'],
  ['qcs:a', 'v', 'ReservedTagKey'],
  ['project', 'v', 'ReservedTagKey'],
  ['项目a', 'v', 'ReservedTagKey'],
  ['tencent', 'v', 'ReservedTagKey'],
  ['qcloud', 'v', 'ReservedTagKey'],
  ['k', '', 'TagValueEmpty'],
  ['k', 'x'.repeat(256), 'TagValueLengthExceeded'],
  ['k', 'a*b', 'TagValueCharacterIllegal'],
  ['k', '\t', 'TagValueCharacterIllegal'],
];
for (const [Key, Value, code] of BAD)
  test(`${JSON.stringify(Key.slice(0, 9))}: ${JSON.stringify(Value.slice(0, 9))} is ${code}`, () =>
    throws(() => checkTag({ Key, Value }), `InvalidParameterValue.${code}`));

test('a key comes once', () => {
  const tags = ['x', 'y'].map(Value => ({ Key: 'a', Value }));
  throws(() => checkTags(tags), 'InvalidParameterValue.TagKeyDuplicate');
});

test('no text is let in that has a line break, or a space at an end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 8 }), text => {
      try {
        checkTag({ Key: text, Value: text });
      } catch (error) {
        assert.ok(error instanceof CloudError);
        return;
      }
      assert.doesNotMatch(text, /^\s|\s$|[\n\r]|^$/);
    }),
  );
});
