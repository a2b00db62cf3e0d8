// Whose request it is, and whether they may: signatures, the limits of keys, bucket policies and access control lists.

import type { Clock } from '../../../core/clock.ts';
import { decide, type Holder, isWithin, type Policy } from '../../../core/policy.ts';
import type { RequestValues } from '../../../core/policy-conditions.ts';
import type { Acl, Bucket, Permission } from '../model.ts';
import { grants, listOf } from './acl.ts';
import { verifyForm } from './form.ts';
import type { ByteSpan } from './form-policy.ts';
import { type Account, readBucketPolicy, requestValues, resourceOf } from './policy.ts';
import { allowsReferer, type RefererRule, readReferer } from './referer.ts';
import type { Secret, Secrets } from './secrets.ts';
import { type SignedRequest, verify } from './verify.ts';

export interface HeldSecret extends Secret {
  readonly holder: Holder;
}

export interface GuardDeps {
  readonly secrets: Secrets<HeldSecret>;
  /** True time: clients sign by theirs. */
  readonly wallClock: Clock;
  readonly account: Account;
}

export interface ReceivedRequest extends SignedRequest {
  /** Without the port; conditions that ask for it count against a caller without. */
  readonly sourceIp?: string | undefined;
  /** Of a connection by TLS `TLSv1.3` or the like, '' of another; conditions count as above. */
  readonly tls?: string | undefined;
}

export interface ReceivedForm {
  /** Those before the file. */
  readonly fields: ReadonlyMap<string, string>;
  /** With the name of the file in its place. */
  readonly key: string;
  /** The request that brought it. */
  readonly request: ReceivedRequest;
}

export interface Caller {
  readonly anonymous: boolean;
  /** `q-sign-algorithm=…`; '' of an anonymous one. */
  readonly authorization: string;
  /** Whether they may name another object to copy from: by a URL that was signed without one they may not. */
  readonly mayCopy: boolean;
  /** What the file of a form may have. */
  readonly bytes?: ByteSpan | undefined;
}

export interface Deed {
  /** As policies name it, without `name/cos:`: `GetObject`. */
  readonly action: string;
  /** What a list has to grant for it; undefined: the owner's alone. */
  readonly permission: Permission | undefined;
  /** undefined for the service, and for a bucket that is to be made. */
  readonly bucket: Bucket | undefined;
  /** '' for the bucket itself. */
  readonly key: string;
  /** All keys that begin with this one are meant. */
  readonly below?: boolean | undefined;
  /** Of the object, where one is named: copies and lists name others than the request does. */
  readonly versionId?: string | undefined;
  /** Of the object, where the permission is one on an object and it is there. */
  readonly acl: () => Acl | undefined;
}

/** What is behind a caller: kept apart, so that nobody else can make one. */
interface Who {
  readonly holder: Holder | undefined;
  readonly bucket: string | undefined;
  readonly region: string;
  readonly values: RequestValues;
}

/** Lists are of what begins with the prefix that is asked for, and policies speak of them so. */
const LISTS: ReadonlySet<string> = new Set(['GetBucket', 'GetBucketObjectVersions', 'ListMultipartUploads']);

/** The owner may always do these, or a policy could shut the bucket for good. */
const OF_POLICIES: ReadonlySet<string> = new Set(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']);

export class AccountGuard {
  readonly #deps: GuardDeps;
  readonly #known = new WeakMap<Caller, Who>();
  readonly #policies = new WeakMap<Bucket, Policy>();
  /** undefined: it is switched off. */
  readonly #referers = new WeakMap<Bucket, { readonly rule: RefererRule | undefined }>();

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  /** Whose signature it is; without one, nobody's. Refuses one that is wrong. */
  authorize(request: ReceivedRequest): Caller {
    const { secrets, wallClock } = this.#deps;
    const found = verify(request, secrets, wallClock.now());
    const told = { authorization: found?.authorization ?? '', mayCopy: found?.mayCopy ?? true };
    return this.#caller(request, found?.secret.holder, told);
  }

  /** The same of a form, or of the request that brings it; refuses also what its policy does not allow. */
  authorizeForm({ fields, key, request }: ReceivedForm): Caller {
    const { secrets, wallClock } = this.#deps;
    const now = wallClock.now();
    const form = verifyForm({ fields: [...fields], key, request }, secrets, now);
    const found = form ?? verify(request, secrets, now);
    const told = { authorization: found?.authorization ?? '', mayCopy: false, bytes: form?.bytes };
    return this.#caller(request, found?.secret.holder, told, fields);
  }

  #caller(
    request: ReceivedRequest,
    holder: Holder | undefined,
    told: Omit<Caller, 'anonymous'>,
    fields?: ReceivedForm['fields'],
  ): Caller {
    const caller = Object.freeze({ anonymous: holder === undefined, ...told });
    const { bucket, region } = request;
    this.#known.set(caller, { holder, bucket, region, values: requestValues({ ...request, fields }) });
    return caller;
  }

  mayDo(caller: Caller, deed: Deed): boolean {
    const who = this.#known.get(caller);
    if (!who) return false;
    const { holder } = who;
    const ask = this.#ask(who, deed);
    if (holder && !isWithin(holder.limits, ask)) return false;
    const { action, bucket, permission } = deed;
    // All keys are the one account's, which owns every bucket; those that are limited are for others.
    if (holder?.limits.length === 0 && OF_POLICIES.has(action)) return true;
    const policy = bucket && this.#policyOf(bucket);
    const said = policy && decide(policy, ask);
    if (said === 'deny') return false;
    if (holder) return true;
    if (bucket === undefined || !this.#shows(bucket, deed, who.values)) return false;
    if (said === 'allow') return true;
    return permission !== undefined && grants(listOf(bucket.acl, deed.acl()), permission, ask);
  }

  #ask(who: Who, { action, bucket, key, below, versionId }: Deed) {
    const listed = LISTS.has(action) ? who.values.get('cos:prefix') : undefined;
    const thing = { region: bucket?.region ?? who.region, bucket: bucket?.id ?? who.bucket, key: listed ?? key };
    const names = who.holder?.names ?? [];
    const isOther = who.values.get('cos:versionid') !== versionId;
    const values = isOther ? new Map([...who.values, ['cos:versionid', versionId]]) : who.values;
    return {
      ...{ action: `cos:${action}`, callers: names, names, values },
      resource: { ...resourceOf(this.#deps.account, thing), below },
    };
  }

  #policyOf(bucket: Bucket): Policy | undefined {
    if (bucket.policy === undefined) return undefined;
    const kept = this.#policies.get(bucket);
    if (kept) return kept;
    const policy = readBucketPolicy(bucket.policy);
    this.#policies.set(bucket, policy);
    return policy;
  }

  /** Pages of others may be kept from showing objects. */
  #shows(bucket: Bucket, { key, permission }: Deed, values: RequestValues): boolean {
    const xml = bucket.plain.referer;
    if (xml === undefined || key === '' || permission !== 'READ') return true;
    const { rule } = this.#referers.get(bucket) ?? { rule: readReferer(xml) };
    this.#referers.set(bucket, { rule });
    return !rule || allowsReferer(rule, values.get('qcs:referer'));
  }
}
