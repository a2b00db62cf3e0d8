// What was done to each key of an object store, and what of it was answered: so what may be there after a kill, and what
// triggers must have been told.

import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that are known by a name and a length. */
export interface Piece {
  readonly id: string;
  readonly bytes: number;
}

export interface Value {
  /** Of the write that made it; the object has it among its metadata. */
  readonly op: string;
  readonly pieces: readonly Piece[];
  readonly appendable?: boolean;
}

export type Version = Value | 'marker';

/** By version id; that of a bucket without versioning is ''. */
export type Versions = ReadonlyMap<string, Version>;

export interface Place {
  readonly bucket: string;
  readonly key: string;
  readonly versioned: boolean;
}

/** `after`: what it makes of what was there; `fresh` is the id of a version that it makes. */
export interface Attempt {
  readonly place: Place;
  readonly after: (before: Versions, fresh: string) => Versions;
}

/** A version as it was read. */
export type Seen = 'marker' | { readonly op: string; readonly md5: string };

const nameOf = ({ bucket, key }: Pick<Place, 'bucket' | 'key'>) => `${bucket}/${key}`;

/** Always the same for a piece, and no two places of it alike. */
export function bytesOf({ id, bytes }: Piece): Buffer {
  const key = createHash('md5').update(id).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

export const lengthOf = ({ pieces }: Value): number => pieces.reduce((sum, { bytes }) => sum + bytes, 0);

const digests = new WeakMap<Value, string>();

function md5Of(value: Value): string {
  const known = digests.get(value);
  if (known !== undefined) return known;
  const md5 = createHash('md5');
  for (const piece of value.pieces) md5.update(bytesOf(piece));
  const digest = md5.digest('hex');
  digests.set(value, digest);
  return digest;
}

const shown = (version: Seen | Version): string => {
  if (version === 'marker') return 'marker';
  return `${version.op} ${'md5' in version ? version.md5 : md5Of(version)}`;
};

const isSame = (seen: ReadonlyMap<string, Seen>, versions: Versions): boolean =>
  seen.size === versions.size &&
  [...versions].every(([id, version]) => {
    const found = seen.get(id);
    return found !== undefined && shown(found) === shown(version);
  });

const listed = (versions: ReadonlyMap<string, Seen | Version>): string =>
  [...versions].map(([id, version]) => `${id || '-'}: ${shown(version)}`).join(', ') || 'nothing';

export class Book {
  answered = 0;
  /** Unanswered, and done all the same. */
  done = 0;
  /** Unanswered, and not done. */
  undone = 0;
  readonly #places = new Map<string, Place>();
  readonly #versions = new Map<string, Versions>();
  readonly #open = new Map<string, Attempt>();
  /** By the id of the request, the place. */
  readonly #owed = new Map<string, string>();
  readonly #told = new Map<string, string>();
  /** By place, how many events are owed of requests whose ids nobody knows. */
  readonly #nameless = new Map<string, number>();

  versionsOf(place: Place): Versions {
    return this.#versions.get(nameOf(place)) ?? new Map();
  }

  /** One at a time for a place. */
  begin(attempt: Attempt): void {
    const name = nameOf(attempt.place);
    if (this.#open.has(name)) throw new Error(`${name} is being written already`);
    this.#places.set(name, attempt.place);
    this.#open.set(name, attempt);
  }

  /** Done; `requestId` and `fresh` as the answer has them. */
  answer(attempt: Attempt, requestId: string, fresh = ''): void {
    const name = nameOf(attempt.place);
    const before = this.versionsOf(attempt.place);
    const after = attempt.after(before, fresh);
    this.answered++;
    this.#open.delete(name);
    this.#versions.set(name, after);
    if (after !== before) this.#owed.set(requestId, name);
  }

  /** Not done, and the server said so. */
  refuse({ place }: Attempt): void {
    this.#open.delete(nameOf(place));
  }

  /** An event has come. */
  tell(requestId: string, bucket: string, key: string): void {
    this.#told.set(requestId, nameOf({ bucket, key }));
  }

  /** Those that are not as they were last checked to be. */
  inDoubt(): readonly Place[] {
    return [...this.#open.values()].map(({ place }) => place);
  }

  all(): readonly Place[] {
    return [...this.#places.values()];
  }

  /** What is there, held against what was answered and what was not: it is settled by that. What is wrong with it. */
  see(place: Place, seen: ReadonlyMap<string, Seen>): string | undefined {
    const name = nameOf(place);
    const before = this.versionsOf(place);
    const attempt = this.#open.get(name);
    this.#open.delete(name);
    if (isSame(seen, before)) {
      if (attempt) this.undone++;
      return undefined;
    }
    const fresh = [...seen.keys()].find(id => !before.has(id)) ?? '';
    const after = attempt?.after(before, fresh);
    if (after && isSame(seen, after)) {
      this.done++;
      this.#versions.set(name, after);
      this.#nameless.set(name, (this.#nameless.get(name) ?? 0) + 1);
      return undefined;
    }
    const other = after ? `, or unanswered ${listed(after)}` : '';
    return `${name} has ${listed(seen)}; answered was ${listed(before)}${other}`;
  }

  /** Of those that are owed by the id of their request. */
  untold(): readonly string[] {
    return [...this.#owed.keys()].filter(id => !this.#told.has(id));
  }

  /** What is wrong with what was told in the end. */
  complaints(): string[] {
    const lost = this.untold().map(id => `${this.#owed.get(id)}: nobody was told of ${id}`);
    const strayed = [...this.#owed].flatMap(([id, name]) => {
      const told = this.#told.get(id);
      return told === undefined || told === name ? [] : [`${id} wrote ${name}, and ${told} was told`];
    });
    const strangers = new Map<string, number>();
    for (const [id, name] of this.#told) if (!this.#owed.has(id)) strangers.set(name, (strangers.get(name) ?? 0) + 1);
    const names = new Set([...strangers.keys(), ...this.#nameless.keys()]);
    const miscounted = [...names].flatMap(name => {
      const [told, owed] = [strangers.get(name) ?? 0, this.#nameless.get(name) ?? 0];
      return told === owed ? [] : [`${name}: told of ${told} writes without an answer, and ${owed} were done`];
    });
    return [...lost, ...strayed, ...miscounted];
  }
}
