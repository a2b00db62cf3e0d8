// A bucket as the documents describe it, in plain arrays; for tests alone.

export interface ModelVersion {
  readonly id: string;
  /** undefined: a delete marker. */
  readonly body: Buffer | undefined;
}

export interface ModelQuery {
  readonly prefix: string;
  readonly delimiter: string;
}

/** Something of a key, or all keys that begin so. */
export type ModelEntry<T> = { readonly key: string; readonly item: T } | { readonly commonPrefix: string };

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export class ModelBucket {
  versioning: 'never' | 'Enabled' | 'Suspended' = 'never';
  /** The newest first. */
  readonly #keys = new Map<string, readonly ModelVersion[]>();

  of(key: string): readonly ModelVersion[] {
    return this.#keys.get(key) ?? [];
  }

  /** What is read without a version. */
  current(key: string): Buffer | undefined {
    return this.of(key)[0]?.body;
  }

  /** `fresh`: the id that the answer told, where versions have ids. */
  put(key: string, body: Buffer | undefined, fresh: string): void {
    const id = this.versioning === 'Enabled' ? fresh : 'null';
    this.#keys.set(key, [{ id, body }, ...this.of(key).filter(version => version.id !== id)]);
  }

  remove(key: string, fresh: string): void {
    if (this.versioning === 'never') this.#keys.delete(key);
    else this.put(key, undefined, fresh);
  }

  removeVersion(key: string, id: string): void {
    this.#keys.set(
      key,
      this.of(key).filter(version => version.id !== id),
    );
  }

  get keys(): readonly string[] {
    return [...this.#keys.keys()].filter(key => this.of(key).length > 0).toSorted(byBytes);
  }

  list(query: ModelQuery, after: string): ModelEntry<Buffer>[] {
    const there = this.keys.flatMap(key => {
      const item = this.current(key);
      return item === undefined ? [] : [{ key, item }];
    });
    return folded(there, query, after);
  }

  versions(query: ModelQuery, after: string): ModelEntry<ModelVersion & { readonly newest: boolean }>[] {
    const there = this.keys.flatMap(key =>
      this.of(key).map((version, place) => ({ key, item: { ...version, newest: place === 0 } })),
    );
    return folded(there, query, after);
  }
}

/** Those that begin with the prefix, or what those with the delimiter have in common; of either what comes behind `after`. */
export function folded<T>(
  there: readonly { readonly key: string; readonly item: T }[],
  { prefix, delimiter }: ModelQuery,
  after: string,
): ModelEntry<T>[] {
  const entries: ModelEntry<T>[] = [];
  const common = new Set<string>();
  for (const { key, item } of there) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (after !== '' && byBytes(commonPrefix ?? key, after) <= 0) continue;
    if (commonPrefix === undefined) entries.push({ key, item });
    else if (!common.has(commonPrefix)) entries.push({ commonPrefix });
    if (commonPrefix !== undefined) common.add(commonPrefix);
  }
  return entries;
}
