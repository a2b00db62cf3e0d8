// Temporary keys. A key's id says that it was made here, its secret follows from the id, and its token carries what it is
// good for, sealed: by the account's own secret key. So they outlive a restart, no row has to expire, and they go with that key.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Ids } from '../core/ids.ts';
import { fail } from './session-errors.ts';

/** Who works by temporary keys. */
export type Session =
  | { readonly kind: 'federated'; readonly name: string; readonly policy: string }
  | {
      readonly kind: 'role';
      readonly roleId: string;
      readonly name: string;
      /** Of the role's own policies, only what this one allows as well. */
      readonly policy: string | undefined;
    };

export interface TemporaryKey {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
}

export interface FoundKey {
  readonly secretKey: string;
  /** The one that goes with it, if it was given; else one that nobody has. */
  readonly token: string;
  /** ms since 1970. */
  readonly expiresAt: number;
  /** undefined unless the token was right. */
  readonly session: Session | undefined;
}

export interface TemporaryKeys {
  issue(session: Session, expiresAt: number): TemporaryKey;
  /** undefined: the id was never made here. */
  find(secretId: string, token: string): FoundKey | undefined;
}

const PREFIX = 'AKID';
const ID_BYTES = 12;
/** API Credentials: Token. */
const TOKEN_BYTES = 4096;

interface Sealed {
  readonly expiresAt: number;
  readonly session: Session;
}

interface TemporaryDeps {
  readonly ids: Ids;
  /** '' where the account has no key: then there are no temporary ones either. */
  readonly accountSecret: string;
}

export function temporaryKeys({ ids, accountSecret }: TemporaryDeps): TemporaryKeys {
  const secret = createHmac('sha256', accountSecret).update('temporary keys').digest();
  const mac = (what: string, text: string) => createHmac('sha256', secret).update(`${what}\n${text}`).digest();
  const seal = (secretId: string, content: string) =>
    `${content}.${mac('token', `${secretId}\n${content}`).toString('base64url')}`;
  const signed = (random: string) => mac('id', random).subarray(0, ID_BYTES).toString('base64url');
  const secretKey = (secretId: string) => mac('key', secretId).toString('base64url');

  return Object.freeze<TemporaryKeys>({
    issue(session, expiresAt) {
      if (accountSecret === '') throw new Error('the account has no key');
      const random = ids.bytes(ID_BYTES).toString('base64url');
      const secretId = `${PREFIX}${random}${signed(random)}`;
      const sealed: Sealed = { expiresAt, session };
      const token = seal(secretId, Buffer.from(JSON.stringify(sealed)).toString('base64url'));
      if (token.length > TOKEN_BYTES) fail('InvalidParameter.PolicyTooLong', { limit: TOKEN_BYTES });
      return { secretId, secretKey: secretKey(secretId), token };
    },

    find(secretId, token) {
      const [, random = '', rest = ''] = /^AKID([\w-]{16})([\w-]{16})$/.exec(secretId) ?? [];
      if (accountSecret === '' || random === '' || !isSame(signed(random), rest)) return undefined;
      const content = token.slice(0, Math.max(0, token.lastIndexOf('.')));
      const expected = seal(secretId, content);
      const found = { secretKey: secretKey(secretId), token: expected };
      if (!isSame(expected, token)) return { ...found, expiresAt: 0, session: undefined };
      const sealed = JSON.parse(Buffer.from(content, 'base64url').toString()) as Sealed;
      return { ...found, ...sealed };
    },
  });
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
