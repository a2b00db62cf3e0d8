// Which tags are allowed: the vendor's page "Use limits" of tags, and the API's error codes where it says less.

import type { Tag } from '../core/ports.ts';
import { fail } from './tag-errors.ts';

export const TAGS_PER_RESOURCE = 50;
export const TAG_KEYS = 1000;
export const VALUES_PER_KEY = 1000;

const KEY_LETTERS = 127;
const VALUE_LETTERS = 255;
const RESERVED = ['qcs:', 'qcloud', 'tencent', 'project', '项目'];
const ALLOWED = /^[\p{L}\p{M}\p{N} +\-=._:/@()[\],;><＋－＝／＠（）【】：]+$/u;

export function checkTag({ Key: key, Value: value }: Tag): void {
  if (key === '') fail('InvalidParameterValue.TagKeyEmpty');
  const keyLetters = [...key].length;
  if (keyLetters > KEY_LETTERS)
    fail('InvalidParameterValue.TagKeyLengthExceeded', { key, length: keyLetters, limit: KEY_LETTERS });
  if (!isAllowed(key)) fail('InvalidParameterValue.TagKeyCharacterIllegal', { key });
  const prefix = RESERVED.find(reserved => key.startsWith(reserved));
  if (prefix !== undefined) fail('InvalidParameterValue.ReservedTagKey', { key, prefix });
  if (value === '') fail('InvalidParameterValue.TagValueEmpty', { key });
  const valueLetters = [...value].length;
  if (valueLetters > VALUE_LETTERS)
    fail('InvalidParameterValue.TagValueLengthExceeded', { value, length: valueLetters, limit: VALUE_LETTERS });
  if (!isAllowed(value)) fail('InvalidParameterValue.TagValueCharacterIllegal', { value });
}

/** All tags of one resource; those that it has `now` are not looked at again, as they may be older than these rules. */
export function checkTags(tags: readonly Tag[], now: readonly Tag[] = []): void {
  const seen = new Set<string>();
  for (const tag of tags) {
    if (!now.some(({ Key, Value }) => Key === tag.Key && Value === tag.Value)) checkTag(tag);
    if (seen.has(tag.Key)) fail('InvalidParameterValue.TagKeyDuplicate', { key: tag.Key });
    seen.add(tag.Key);
  }
}

function isAllowed(text: string): boolean {
  return ALLOWED.test(text) && text.trim() === text;
}
