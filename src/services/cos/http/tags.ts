// Tags, of buckets and of objects: XML, and the header x-cos-tagging.

import type { Tag } from '../../../core/ports.ts';
import { fail } from '../errors.ts';
import { childOf, childrenOf, expectOnly, type XmlElement } from './readxml.ts';
import { element, type Written } from './xml.ts';

export const MAX_BUCKET_TAGS = 50;
export const MAX_OBJECT_TAGS = 10;
const MAX_KEY_CHARS = 128;
const MAX_VALUE_CHARS = 256;

export function readTagging(tagging: XmlElement, most: number): readonly Tag[] {
  expectOnly(tagging, 'TagSet');
  const set = childOf(tagging, 'TagSet') ?? fail('MalformedXML');
  expectOnly(set, 'Tag');
  return checkTags(childrenOf(set, 'Tag').map(readTag), most);
}

export function readTag(tag: XmlElement): Tag {
  expectOnly(tag, 'Key', 'Value');
  return { Key: childOf(tag, 'Key')?.text ?? fail('MalformedXML'), Value: childOf(tag, 'Value')?.text ?? '' };
}

/** `a=1&b=2`, URL-encoded. */
export function tagsOfHeader(text: string, most: number): readonly Tag[] {
  const tags = text
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const equals = pair.indexOf('=');
      const decoded = (part: string): string => {
        try {
          return decodeURIComponent(part.replaceAll('+', ' '));
        } catch (error) {
          return fail('InvalidTag', { reason: 'x-cos-tagging is not URL-encoded' }, error);
        }
      };
      return equals < 0
        ? { Key: decoded(pair), Value: '' }
        : { Key: decoded(pair.slice(0, equals)), Value: decoded(pair.slice(equals + 1)) };
    });
  return checkTags(tags, most);
}

function checkTags(tags: readonly Tag[], most: number): readonly Tag[] {
  const refuse = (reason: string): never => fail('InvalidTag', { reason });
  if (tags.length > most) refuse(`there are more than ${most}`);
  for (const { Key, Value } of tags) {
    if (Key === '' || Key.length > MAX_KEY_CHARS) refuse(`a key has 1 to ${MAX_KEY_CHARS} characters`);
    if (Value.length > MAX_VALUE_CHARS) refuse(`a value has at most ${MAX_VALUE_CHARS} characters`);
  }
  if (new Set(tags.map(tag => tag.Key)).size < tags.length) refuse('a key stands there twice');
  return tags;
}

export const writeTag = ({ Key, Value }: Tag): Written | undefined =>
  element('Tag', [element('Key', Key), element('Value', Value)]);

export const writeTagSet = (tags: readonly Tag[]): Written | undefined => element('TagSet', tags.map(writeTag));
