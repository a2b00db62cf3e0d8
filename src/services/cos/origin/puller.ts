// Objects that are not here are fetched from a source: for a client that waits (Mirror), or behind its back (Proxy).

import { addAbortListener } from 'node:events';
import type { Clock } from '../../../core/clock.ts';
import { CloudError } from '../../../core/errors.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import { openUpstreams, type Upstreams } from '../../../http/forward.ts';
import type { Objects } from '../contract.ts';
import { fetchFrom } from './fetch.ts';
import { headFrom, lengthOf } from './head.ts';
import { LOOP_HEADER, loopHeader } from './loop.ts';
import type { Fetched, Pull, Sources } from './model.ts';
import { split } from './split.ts';
import { headersFor, hostFor, schemeFor, targetFor } from './target.ts';

/**
 * One that another client has begun to fetch is waited for up to this size, as so much is kept whether that client takes it or
 * not; a longer one is fetched beside it, not kept.
 */
const WAITED_BYTES = 4 * 1024 * 1024;
/** Of a longer one. */
const AHEAD_BYTES = 256 * 1024;
/** Fetched behind the backs of clients at once; for what comes on top the next request is the next try. */
const MOST_BEHIND = 64;
/** Waited before each try. */
const TRIES_MS = [0, 5000, 30_000];

export interface PullerDeps {
  readonly objects: Pick<Objects, 'put'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/** A fetch of a whole object. */
interface Running {
  /** Once its head is there; undefined: none is, or it does not say. */
  readonly bytes: Promise<number | undefined>;
  /** Whether it is here now. */
  readonly kept: Promise<boolean>;
}

export class Puller implements Sources {
  readonly #deps: PullerDeps;
  /** How this server is known to others on the way. */
  #self = '';
  readonly #running = new Map<string, Running>();
  readonly #behind = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #upstreams: Upstreams | undefined;

  constructor(deps: PullerDeps) {
    this.#deps = deps;
  }

  async mirror(pull: Pull): Promise<Fetched | undefined> {
    const rawHeaders = this.#headers(pull);
    const other = this.#running.get(nameOf(pull));
    const bytes = (await other?.bytes) ?? Number.POSITIVE_INFINITY;
    const isWaitedFor = other !== undefined && bytes <= WAITED_BYTES;
    if (isWaitedFor && (await other.kept)) return undefined;
    if (pull.range !== undefined) {
      this.#fetchBehind(pull, rawHeaders);
      return await this.#fetch(pull, ['Range', pull.range, ...rawHeaders]);
    }
    const isKept = pull.rule.keeps && !this.#running.has(nameOf(pull));
    return isKept ? await this.#fetchKept(pull, rawHeaders) : await this.#fetch(pull, rawHeaders);
  }

  later(pull: Pull): void {
    this.#fetchBehind(pull, this.#headers(pull));
  }

  /** What is under way is given up. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#upstreams?.close();
    await Promise.all([...[...this.#running.values()].map(({ kept }) => kept), ...this.#behind.values()]);
  }

  #headers(pull: Pull): string[] {
    this.#self ||= `openscf-${this.#deps.ids.bytes(8).toString('hex')}`;
    const loop = loopHeader(pull.rawHeaders, this.#self, pull.bucket);
    return [...headersFor(pull.rule.headers, pull), LOOP_HEADER, loop];
  }

  async #fetch(pull: Pull, rawHeaders: readonly string[]): Promise<Fetched> {
    const { rule, bucket, key } = pull;
    const host = hostFor(rule.hosts, this.#deps.ids.fraction());
    this.#upstreams ??= openUpstreams();
    const request = {
      ...{ scheme: schemeFor(rule, pull), target: targetFor(rule, pull), rawHeaders, names: host?.names ?? [] },
      ...{ standbyStatuses: rule.standbyStatuses, followsRedirects: rule.followsRedirects },
    };
    try {
      return await fetchFrom(this.#upstreams, request, this.#closing.signal);
    } catch (error) {
      // Clients are not told where the source is.
      this.#deps.log.warn({ err: error, bucket, key }, 'a source gives no answer');
      throw error;
    }
  }

  /** The client's half of it; the other half is kept. */
  async #fetchKept(pull: Pull, rawHeaders: readonly string[]): Promise<Fetched> {
    const head = Promise.withResolvers<number | undefined>();
    const end = Promise.withResolvers<boolean>();
    this.#running.set(nameOf(pull), { bytes: head.promise, kept: end.promise });
    const over = (kept: boolean) => {
      this.#running.delete(nameOf(pull));
      head.resolve(undefined);
      end.resolve(kept);
    };
    try {
      const fetched = await this.#fetch(pull, rawHeaders);
      if (!isWhole(fetched)) {
        over(false);
        return fetched;
      }
      const bytes = lengthOf(fetched);
      head.resolve(bytes);
      const aheadBytes = bytes !== undefined && bytes <= WAITED_BYTES ? WAITED_BYTES : AHEAD_BYTES;
      const { body, kept } = split(fetched.body, copy => this.#keep(pull, fetched, copy), aheadBytes);
      kept.then(
        () => over(true),
        error => over(this.#notKept(pull, error)),
      );
      // A client that takes nothing would hold it up.
      const closing = addAbortListener(this.#closing.signal, () => body.destroy());
      body.once('close', () => closing[Symbol.dispose]());
      return { ...fetched, body };
    } catch (error) {
      over(false);
      throw error;
    }
  }

  #keep({ bucket, key, cause }: Pull, fetched: Fetched, body: Fetched['body']): Promise<unknown> {
    // What was written meanwhile is newer than what the source had.
    const options = { event: 'ObjectCreated:Origin', forbidOverwrite: true } as const;
    const content = { body, bytes: lengthOf(fetched) };
    return this.#deps.objects.put({ bucket, key }, headFrom(fetched, key), content, options, cause);
  }

  /** Whether it is here all the same. */
  #notKept({ bucket, key }: Pull, error: unknown): boolean {
    if (error instanceof CloudError && error.code === 'FileAlreadyExists') return true;
    if (!this.#closing.signal.aborted) {
      this.#deps.log.warn({ err: error, bucket, key }, 'an object that was fetched from its source is not kept');
    }
    return false;
  }

  #fetchBehind(pull: Pull, rawHeaders: readonly string[]): void {
    const name = nameOf(pull);
    const isUnderWay = this.#behind.has(name) || this.#running.has(name);
    if (!pull.rule.keeps || isUnderWay || this.#behind.size >= MOST_BEHIND) return;
    const going = this.#tryBehind(pull, rawHeaders)
      .catch(error => void this.#notKept(pull, error))
      .finally(() => this.#behind.delete(name));
    this.#behind.set(name, going);
  }

  async #tryBehind(pull: Pull, rawHeaders: readonly string[]): Promise<void> {
    const { signal } = this.#closing;
    for (const [tries, waitMs] of TRIES_MS.entries()) {
      if (waitMs > 0) await this.#deps.clock.sleep(waitMs, signal);
      try {
        const fetched = await this.#fetch(pull, rawHeaders);
        try {
          if (isWhole(fetched)) return void (await this.#keep(pull, fetched, fetched.body));
        } finally {
          // A source would go on waiting for what is not taken to be taken.
          fetched.body.destroy();
        }
        // What a source does not have now it does not have in half a minute.
        if (fetched.status < 500) return;
        throw new Error(`the source has answered with ${fetched.status}`);
      } catch (error) {
        const isLast = tries === TRIES_MS.length - 1 || signal.aborted;
        if (isLast || (error instanceof CloudError && error.code !== 'FailedDependency')) throw error;
      }
    }
  }
}

const nameOf = ({ bucket, key }: Pull): string => `${bucket}/${key}`;

export const isWhole = ({ status }: Pick<Fetched, 'status'>): boolean => status === 200 || status === 203;
