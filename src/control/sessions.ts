// Temporary keys for roles and for federated users, and who stands behind a key.

import type { Holder, Policy } from '../core/policy.ts';
import { CONDITION_KEYS } from '../core/policy-conditions.ts';
import { PolicyError, readPolicy } from '../core/policy-text.ts';
import type { Account } from '../core/trigger.ts';
import type { Role, Roles } from './roles.ts';
import { fail } from './session-errors.ts';
import type { Session, TemporaryKey, TemporaryKeys } from './temporary.ts';

/** A key and who has it. */
export interface HeldKey {
  readonly secretKey: string;
  /** Only temporary keys have one. */
  readonly token?: string;
  /** ms since 1970; of temporary keys. */
  readonly expiresAt?: number;
  readonly holder: Holder;
  /** undefined of the account's own keys. */
  readonly session: Session | undefined;
}

export interface Issued extends TemporaryKey {
  /** ms since 1970, a whole second. */
  readonly expiresAt: number;
}

interface Wanted {
  readonly durationS: number | undefined;
  readonly nowMs: number;
}

export interface Sessions {
  /** `policy` as it came; from a user's own key alone. */
  federate(name: string, policy: string, by: HeldKey, wanted: Wanted): Issued;
  /** `arn` of a role; `policy` narrows what the role may. */
  assume(arn: string, name: string, policy: string | undefined, by: HeldKey, wanted: Wanted): Issued;
  /** For what the platform runs in a role's name: as by the service principal `scf.qcloud.com`. */
  assumeFor(service: string, role: Role, name: string, wanted: Wanted): Issued;
  find(secretId: string, token: string): HeldKey | undefined;
  /** Of the account's own keys. */
  readonly root: Holder;
}

/** API GetFederationToken and AssumeRole: DurationSeconds. */
const FEDERATED_S = { default: 1800, max: 7200 };
const ROLE_S = { default: 7200, max: 43_200 };

export interface SessionDeps {
  readonly account: Account;
  readonly roles: Roles;
  readonly temporary: TemporaryKeys;
}

export function sessionsIn({ account, roles, temporary }: SessionDeps): Sessions {
  const { uin } = account;
  const root: Holder = Object.freeze({
    names: [`qcs::cam::uin/${uin}:uin/${uin}`, `qcs::cam::uin/${uin}:root`],
    limits: [],
  });

  function issue(session: Session, seconds: number, nowMs: number): Issued {
    const expiresAt = (Math.floor(nowMs / 1000) + seconds) * 1000;
    return { ...temporary.issue(session, expiresAt), expiresAt };
  }

  function takeOn(role: Role, name: string, policy: string | undefined, { durationS, nowMs }: Wanted): Issued {
    const max = role.sessionS || ROLE_S.max;
    const seconds = secondsOf(durationS, { default: Math.min(ROLE_S.default, max), max });
    return issue({ kind: 'role', roleId: role.id, name, policy }, seconds, nowMs);
  }

  function assumed(arn: string, by: readonly string[]): Role {
    const role = roleOf(arn, uin, roles) ?? fail('ResourceNotFound.RoleNotFound', { role: arn });
    if (!roles.trusts(role, by)) {
      fail('UnauthorizedOperation', {
        zh: `角色 ${role.name} 的信任策略不允许 ${by[0]} 扮演。`,
        en: `the trust policy of the role ${role.name} does not name ${by[0]}.`,
      });
    }
    return role;
  }

  /** undefined: what it stood for is gone. */
  function holderOf(session: Session): Holder | undefined {
    const own = session.policy === undefined ? [] : [readPolicy(session.policy)];
    if (session.kind === 'federated') return { names: root.names, limits: own };
    const role = roles.find({ id: session.roleId });
    if (!role) return undefined;
    const names = [`qcs::cam::uin/${uin}:roleName/${role.name}`, `qcs::cam::uin/${uin}:role/${role.id}`];
    return { names, limits: [roles.policyOf(role), ...own] };
  }

  return Object.freeze<Sessions>({
    root,

    federate(name, policy, by, { durationS, nowMs }) {
      if (by.session) {
        fail('UnauthorizedOperation', {
          zh: '临时密钥不能再申请临时密钥。',
          en: 'temporary keys cannot ask for others; use a lasting key.',
        });
      }
      if (!/^[A-Za-z][\w.@=,+-]{0,127}$/.test(name)) {
        fail('InvalidParameter.ParamError', { name: 'Name', zh: '由英文字母组成。', en: 'it begins with a letter.' });
      }
      const text = policyText(policy);
      enforceable(text);
      return issue({ kind: 'federated', name, policy: text }, secondsOf(durationS, FEDERATED_S), nowMs);
    },

    assume(arn, name, policy, by, wanted) {
      if (!/^[\w+=,.@-]{2,128}$/.test(name)) {
        fail('InvalidParameter.ParamError', {
          name: 'RoleSessionName',
          zh: '应为 2 至 128 个字母、数字或 =,.@_-+。',
          en: 'it has 2 to 128 letters, digits or =,.@_-+.',
        });
      }
      const role = assumed(arn, by.holder.names);
      const text = policy ? policyText(policy) : undefined;
      if (text !== undefined) enforceable(text);
      return takeOn(role, name, text, wanted);
    },

    assumeFor(service, role, name, wanted) {
      return takeOn(assumed(`qcs::cam::uin/${uin}:role/${role.id}`, [`service/${service}`]), name, undefined, wanted);
    },

    find(secretId, token) {
      const found = temporary.find(secretId, token);
      if (!found) return undefined;
      const { session } = found;
      const holder = session ? holderOf(session) : NOBODY;
      return holder && { ...found, session, holder };
    },
  });
}

/** Of a key whose token is wrong: nothing may be done with it. */
const NOBODY: Holder = { names: [], limits: [{ statements: [] }] };

function secondsOf(asked: number | undefined, limits: { readonly default: number; readonly max: number }): number {
  const seconds = asked ?? limits.default;
  return seconds >= 1 && seconds <= limits.max
    ? seconds
    : fail('InvalidParameter.OverTimeError', { limit: limits.max });
}

/** Clients encode it as for a URL, or do not. */
function policyText(text: string): string {
  if (text.trimStart().startsWith('{')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    return fail('InvalidParameter.StrategyFormatError', { reason: 'URL encoding' }, error);
  }
}

/**
 * A policy that keys are given for has nothing in it that nobody here could check. It is about whoever has the keys: documented
 * is that it names no principal, yet the vendor's STS libraries write `{"qcs":["*"]}` into each.
 */
function enforceable(text: string): Policy {
  try {
    const policy = readPolicy(text);
    for (const { principals, conditions } of policy.statements) {
      if (principals?.some(name => name !== '*')) throw new PolicyError('principal');
      const unknown = conditions.find(({ key }) => !CONDITION_KEYS.has(key));
      if (unknown) fail('InvalidParameter.StrategyInvalid', { reason: unknown.key });
    }
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return fail('InvalidParameter.StrategyFormatError', { reason: error.reason }, error);
  }
}

/** `qcs::cam::uin/1:roleName/x`, `…:role/<id>`, and the same of service roles. */
function roleOf(arn: string, uin: string, roles: Roles): Role | undefined {
  const [, owner, kind, rest = ''] = /^qcs::cam::uin\/(\d+):(role|roleName)\/(.+)$/.exec(arn) ?? [];
  if (owner !== uin) return undefined;
  const [, service, name = ''] = /^(tencentcloudServiceRole(?:Name)?)\/(.+)$/.exec(rest) ?? [];
  if (service) return roles.find(service.endsWith('Name') ? { name } : { id: name });
  return roles.find(kind === 'roleName' ? { name: rest } : { id: rest });
}
