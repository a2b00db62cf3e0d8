// A request as handlers see it: who asks for what, and the means to answer.

import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { TrustedProxies } from '../../../http/client.ts';
import type { AccountGuard, Caller, ReceivedRequest } from '../auth/guard.ts';
import type { Cos } from '../contract.ts';
import type { Bucket, Cause } from '../model.ts';
import type { Answer } from './answer.ts';
import type { CosQuery } from './query.ts';

export interface CosHttp {
  readonly cos: Pick<Cos, 'buckets' | 'objects' | 'uploads' | 'sources'>;
  readonly guard: Pick<AccountGuard, 'authorize' | 'authorizeForm' | 'mayDo'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: { readonly appId: string; readonly uin: string };
  /** Of buckets that are made by a host that names none. */
  readonly region: string;
  /** Host names that are no bucket's, whatever they look like; lower case, without ports. */
  readonly endpoints: readonly string[];
  readonly proxies?: TrustedProxies;
}

export interface Ask extends CosHttp {
  readonly request: IncomingMessage;
  readonly query: CosQuery;
  /** Lower case, without the port. */
  readonly host: string;
  /** '' for the service. */
  readonly bucketId: string;
  /** '' for a bucket. */
  readonly key: string;
  /** Of the host; undefined if it names none. */
  readonly hostRegion: string | undefined;
  readonly signed: ReceivedRequest;
  readonly caller: Caller;
  readonly cause: Cause;
}

export type Handler = (ask: Ask) => Answer | Promise<Answer>;

/** Of a header that may come once; '' counts as none. */
export function headerOf(ask: Pick<Ask, 'request'>, lowerName: string): string | undefined {
  const value = ask.request.headers[lowerName];
  const text = Array.isArray(value) ? value[0] : value;
  return text === '' ? undefined : text;
}

export const bucketOf = (ask: Ask): Bucket => ask.cos.buckets.need(ask.bucketId);

/** `?versionId=`, where it says something. */
export const versionOf = (ask: Ask): string | undefined => ask.query.get('versionid') || undefined;

export const refOf = (ask: Ask): { bucket: string; key: string; versionId: string | undefined } => ({
  bucket: ask.bucketId,
  key: ask.key,
  versionId: versionOf(ask),
});
