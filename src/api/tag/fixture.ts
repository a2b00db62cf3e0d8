// The tag actions over a whole control with one function. For tests alone.

import assert from 'node:assert/strict';
import { scene as controlScene, KEY } from '../../control/fixture.ts';
import { keptResource } from '../../control/tagged.ts';
import { CloudError } from '../../core/errors.ts';
import { parsePairs, unflatten } from '../form.ts';
import { bindService } from '../service.ts';
import { TAG_ACTIONS } from './index.ts';

export async function scene() {
  const { control, made, deps } = await controlScene();
  await made();
  const kept = (resource: Parameters<typeof keptResource>[1]) => keptResource(control.catalog, resource);
  const tag = bindService('tag', TAG_ACTIONS, { tags: control.tags, account: deps.account, kept });
  const base = { requestId: 'r', region: KEY.region, language: 'en', secretId: 'AKID' };
  const context = base as unknown as Parameters<typeof tag.call>[2];
  const call = async (action: string, value: object = {}) =>
    (await tag.call(action, { form: 'json', value }, context)) as Record<string, unknown>;
  /** As the older clients send it, everything being text. */
  const callText = async (action: string, query: string) =>
    (await tag.call(action, { form: 'text', tree: unflatten(parsePairs(query)) }, context)) as Record<string, unknown>;
  const { id } = (await control.functions.get(KEY)).row;
  const lam = `qcs::scf:${KEY.region}:uin/${deps.account.uin}:lam/${id}`;
  return { control, call, callText, lam, id, account: deps.account };
}

export function refused(expected: string): (error: unknown) => boolean {
  return error => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, expected, error.message);
    assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
    return true;
  };
}

/** `team:a env:x` */
export const tagsOf = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map(pair => {
      const [TagKey = '', TagValue = ''] = pair.split(':');
      return { TagKey, TagValue };
    });

export const textOf = (tags: unknown): string =>
  (tags as { TagKey: string; TagValue: string }[]).map(tag => `${tag.TagKey}:${tag.TagValue}`).join(' ');
