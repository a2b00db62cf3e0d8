// Clients of an object store that write, copy, append to and remove objects of all sizes, each its own keys, until it is gone.

import { createHash } from 'node:crypto';
import type { CosAnswer, CosClient } from '../cos.ts';
import { hostOf } from '../cos.ts';
import {
  type Attempt,
  type Book,
  bytesOf,
  lengthOf,
  type Piece,
  type Place,
  type Value,
  type Versions,
} from './cos-book.ts';

const KB = 1024;
const MB = 1024 * KB;
export const PLAIN = 'plain-1250000000';
export const VERSIONED = 'versioned-1250000000';
const CLIENTS = 8;
const PLAIN_KEYS = 5;
const VERSIONED_KEYS = 2;

/** How often, and how large at the most. */
const SIZES: readonly (readonly [upTo: number, bytes: number])[] = [
  [0.1, 0],
  [0.5, 16 * KB],
  [0.94, 256 * KB],
  [1, 8 * MB],
];

export interface LoadOptions {
  readonly cos: CosClient;
  readonly book: Book;
  /** From 0 to below 1. */
  readonly draw: () => number;
  /** Of whatever was not to come. */
  readonly problems: string[];
  /** Told before each write. */
  readonly writing: () => void;
}

export interface Load {
  /** Each client has ended its last write, or has lost the server. */
  readonly ended: Promise<void>;
  stop(): void;
}

let ops = 0;

export function startLoad(options: LoadOptions): Load {
  let stopped = false;
  const ended = Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      const client = new Client(options, number);
      while (!stopped && (await client.write()));
    }),
  );
  return {
    ended: ended.then(() => undefined),
    stop() {
      stopped = true;
    },
  };
}

class Client {
  readonly #options: LoadOptions;
  readonly #places: readonly Place[];

  constructor(options: LoadOptions, number: number) {
    this.#options = options;
    const place = (bucket: string, key: number, versioned: boolean) => ({
      bucket,
      key: `c${number}/k ${key}`,
      versioned,
    });
    this.#places = [
      ...Array.from({ length: PLAIN_KEYS }, (_, key) => place(PLAIN, key, false)),
      ...Array.from({ length: VERSIONED_KEYS }, (_, key) => place(VERSIONED, key, true)),
    ];
  }

  /** One of the ways to write; false when the server is gone. */
  async write(): Promise<boolean> {
    const place = this.#pick(this.#places);
    if (!place) throw new Error('there are no keys');
    this.#options.writing();
    const share = this.#options.draw();
    if (share < 0.4) return this.#put(place);
    if (share < 0.45) return this.#refused(place);
    if (share < 0.6) return this.#parts(place);
    if (share < 0.75) return this.#copy(place);
    if (share < 0.85 && !place.versioned) return this.#append(place);
    return this.#remove(place);
  }

  async #put(place: Place): Promise<boolean> {
    const value = this.#value([this.#piece(this.#size())]);
    return this.#do(place, made(value), () =>
      this.#ask(place, '', { method: 'PUT', body: bodyOf(value), headers: opOf(value) }),
    );
  }

  /** Whole, and not what it says to be. */
  async #refused(place: Place): Promise<boolean> {
    const value = this.#value([this.#piece(this.#size())]);
    const headers = { ...opOf(value), 'Content-MD5': createHash('md5').update('else').digest('base64') };
    const answer = await this.#ask(place, '', { method: 'PUT', body: bodyOf(value), headers });
    if (answer && answer.status !== 400) this.#complain(`BadDigest is ${answer.status} ${answer.text}`);
    return answer !== undefined;
  }

  /** The last part is now and then a copy of another object. */
  async #parts(place: Place): Promise<boolean> {
    const large = Array.from({ length: this.#below(3) }, () => this.#piece(MB + this.#below(MB)));
    const source = this.#options.draw() < 0.3 ? this.#source(place) : undefined;
    const last = source?.value.pieces ?? [this.#piece(this.#size())];
    const value = this.#value([...large, ...last]);
    const begun = await this.#ask(place, '?uploads', { method: 'POST', headers: opOf(value) });
    if (!begun) return false;
    const [, id = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
    const etags: string[] = [];
    for (const piece of source ? large : [...large, ...last]) {
      const target = `?partNumber=${etags.length + 1}&uploadId=${id}`;
      const part = await this.#ask(place, target, { method: 'PUT', body: bytesOf(piece) });
      if (!part) return false;
      etags.push(String(part.headers.etag));
    }
    if (source) {
      const headers = { 'x-cos-copy-source': source.text };
      const part = await this.#ask(place, `?partNumber=${etags.length + 1}&uploadId=${id}`, { method: 'PUT', headers });
      if (!part) return false;
      etags.push(/<ETag>(.*)<\/ETag>/.exec(part.text)?.[1] ?? '');
    }
    const list = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`;
    return this.#do(place, made(value), () => this.#ask(place, `?uploadId=${id}`, { method: 'POST', body }));
  }

  /** Another object of this client, and how it is named. */
  #source(place: Place): { readonly value: Value; readonly text: string } | undefined {
    const { book } = this.#options;
    const others = this.#places.filter(({ bucket, key }) => bucket !== place.bucket || key !== place.key);
    const all = others.flatMap(({ bucket, key, ...other }) =>
      [...book.versionsOf({ bucket, key, ...other })].flatMap(([id, value]) => {
        const version = id === '' ? '' : `?versionId=${id}`;
        return value === 'marker' ? [] : [{ value, text: `${hostOf(bucket)}/${pathOf(key)}${version}` }];
      }),
    );
    return this.#pick(all);
  }

  async #copy(place: Place): Promise<boolean> {
    const source = this.#source(place);
    if (!source) return this.#put(place);
    const value = this.#value(source.value.pieces);
    const directive = { 'x-cos-metadata-directive': 'Replaced', 'x-cos-copy-source': source.text };
    const headers = { ...opOf(value), ...directive };
    return this.#do(place, made(value), () => this.#ask(place, '', { method: 'PUT', headers }));
  }

  async #append(place: Place): Promise<boolean> {
    const there = this.#options.book.versionsOf(place).get('');
    if (there !== undefined && (there === 'marker' || there.appendable !== true)) return this.#remove(place);
    const piece = this.#piece(1 + this.#size());
    const value: Value = there
      ? { ...there, pieces: [...there.pieces, piece] }
      : { ...this.#value([piece]), appendable: true };
    const position = there ? lengthOf(there) : 0;
    return this.#do(place, made(value), () =>
      this.#ask(place, `?append&position=${position}`, { method: 'POST', body: bytesOf(piece), headers: opOf(value) }),
    );
  }

  async #remove(place: Place): Promise<boolean> {
    const ids = [...this.#options.book.versionsOf(place).keys()];
    const id = place.versioned && this.#options.draw() < 0.5 ? this.#pick(ids) : undefined;
    const gone = (before: Versions, which: string): Versions =>
      before.has(which) ? new Map([...before].filter(([other]) => other !== which)) : before;
    if (id !== undefined)
      return this.#do(
        place,
        before => gone(before, id),
        () => this.#ask(place, `?versionId=${id}`, { method: 'DELETE' }),
      );
    return this.#do(
      place,
      (before, fresh) => (place.versioned ? new Map([...before, [fresh, 'marker']]) : gone(before, '')),
      () => this.#ask(place, '', { method: 'DELETE' }),
    );
  }

  async #do(place: Place, after: Attempt['after'], ask: () => Promise<CosAnswer | undefined>): Promise<boolean> {
    const { book } = this.#options;
    const attempt = { place, after };
    book.begin(attempt);
    const answer = await ask();
    if (!answer) return false;
    if (answer.status >= 300) book.refuse(attempt);
    else book.answer(attempt, String(answer.headers['x-cos-request-id']), place.versioned ? freshOf(answer) : '');
    return true;
  }

  /** undefined when the server is gone. */
  async #ask(
    { bucket, key }: Place,
    query: string,
    asked: Parameters<CosClient['ask']>[1],
  ): Promise<CosAnswer | undefined> {
    const answer = await this.#options.cos.ask(`/${pathOf(key)}${query}`, asked, hostOf(bucket)).catch(() => undefined);
    if (answer && answer.status >= 300 && !answer.text.includes('BadDigest'))
      this.#complain(`${asked?.method} ${bucket}/${key}${query}: ${answer.status} ${answer.text}`);
    return answer;
  }

  #complain(problem: string): void {
    this.#options.problems.push(problem);
  }

  #value(pieces: readonly Piece[]): Value {
    return { op: `op-${++ops}`, pieces };
  }

  #piece(bytes: number): Piece {
    return { id: `piece-${++ops}`, bytes };
  }

  #size(): number {
    const share = this.#options.draw();
    const [, most = 0] = SIZES.find(([upTo]) => share < upTo) ?? [];
    return most === 0 ? 0 : this.#below(most);
  }

  #below(most: number): number {
    return Math.floor(this.#options.draw() * most);
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[this.#below(all.length)];
  }
}

const pathOf = (key: string) => key.split('/').map(encodeURIComponent).join('/');
const bodyOf = ({ pieces }: Value) => Buffer.concat(pieces.map(bytesOf));
const opOf = ({ op }: Value) => ({ 'x-cos-meta-op': op });
const freshOf = ({ headers }: CosAnswer) => String(headers['x-cos-version-id']);

/** A new version, or the only one there is. */
const made =
  (value: Value): Attempt['after'] =>
  (before, fresh) =>
    new Map([...(fresh === '' ? [] : before), [fresh, value]]);
