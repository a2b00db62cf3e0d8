// Key pairs: what clients of APIs with key protection sign with.

import type { Ids } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import { type ApiKey, KEYS_PER_REGION } from '../model.ts';
import type { Edit } from '../objects.ts';
import { checkLength, oneOf, type Room } from './scope.ts';

export interface KeyDraft {
  readonly region: string;
  readonly name: string;
  /** Default `auto`: id and secret are made; `manual`: both are given. */
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly secret?: string | undefined;
}

export interface KeyVerbs {
  create(draft: KeyDraft): Promise<ApiKey>;
  get(region: string, id: string): ApiKey;
  /** Newest first. */
  list(region: string): ApiKey[];
  setEnabled(region: string, id: string, enabled: boolean): Promise<void>;
  /** Another secret; one is made for a key that was made. */
  renew(region: string, id: string, secret: string | undefined): Promise<ApiKey>;
  /** Only a disabled one. */
  remove(region: string, id: string): Promise<void>;
}

const TYPES = ['auto', 'manual'] as const;
const NAME_CHARS = 50;
const ID = /^\w{5,50}$/;
const SECRET = /^\w{10,50}$/;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits, as the cloud's own keys. */
export function randomText(ids: Ids, length: number): string {
  return Array.from(ids.bytes(length), byte => LETTERS[byte % LETTERS.length]).join('');
}

export function keyVerbs({ objects, ids, clock }: Room): KeyVerbs {
  const need = (keys: ReadonlyMap<string, ApiKey>, region: string, id: string): ApiKey => {
    const key = keys.get(id);
    return key?.region === region ? key : failGateway('ResourceNotFound.InvalidAccessKeyId', { id });
  };

  const change = (region: string, id: string, next: (key: ApiKey) => Partial<ApiKey>) =>
    objects.edit(async edit => {
      const before = need(edit.objects.keys, region, id);
      const key = { ...before, ...next(before), modifiedAt: clock.now() };
      await edit.put('keys', key);
      return key;
    });

  return {
    create: draft =>
      objects.edit(async edit => {
        const { region, name } = draft;
        checkLength('SecretName', name, NAME_CHARS);
        const type = oneOf('AccessKeyType', draft.type || 'auto', TYPES);
        const pair = type === 'auto' ? made(ids) : given(draft);
        // One account: the id alone says which key a client has signed with.
        if (edit.objects.keys.has(pair.id)) failGateway('FailedOperation.AccessKeyExist', { id: pair.id });
        const count = [...edit.objects.keys.values()].filter(key => key.region === region).length;
        if (count >= KEYS_PER_REGION) {
          failGateway('LimitExceeded.ApiKeyCountLimitExceeded', { limit: KEYS_PER_REGION });
        }
        const now = clock.now();
        const key: ApiKey = { ...pair, region, name, type, enabled: true, createdAt: now, modifiedAt: now };
        await edit.put('keys', key);
        return key;
      }),
    get: (region, id) => need(objects.now().keys, region, id),
    list: region => newestFirst([...objects.now().keys.values()].filter(key => key.region === region)),
    async setEnabled(region, id, enabled) {
      await change(region, id, () => ({ enabled }));
    },
    renew: (region, id, secret) =>
      change(region, id, ({ type }) => {
        if (type === 'auto' && !secret) return { secret: made(ids).secret };
        return { secret: checked('AccessKeySecret', secret, SECRET) };
      }),
    remove: (region, id) =>
      objects.edit(async edit => {
        const key = need(edit.objects.keys, region, id);
        if (key.enabled) failGateway('UnsupportedOperation.InvalidStatus', { id });
        await forget(edit, id);
        await edit.remove('keys', key);
      }),
  };
}

/** A key that is gone opens nothing any more. */
async function forget(edit: Edit, id: string): Promise<void> {
  for (const plan of [...edit.objects.plans.values()]) {
    if (!plan.keyIds.includes(id)) continue;
    await edit.put('plans', { ...plan, keyIds: plan.keyIds.filter(keyId => keyId !== id) });
  }
}

const made = (ids: Ids) => ({ id: `AKID${randomText(ids, 40)}`, secret: randomText(ids, 40) });

const given = ({ id, secret }: KeyDraft) => ({
  id: checked('AccessKeyId', id, ID),
  secret: checked('AccessKeySecret', secret, SECRET),
});

function checked(name: string, value: string | undefined, form: RegExp): string {
  return value && form.test(value) ? value : failGateway('InvalidParameter.FormatError', { name, form: form.source });
}

interface Dated {
  readonly createdAt: number;
}

export function newestFirst<T extends Dated>(values: T[]): T[] {
  return values.reverse().sort((a, b) => b.createdAt - a.createdAt);
}
