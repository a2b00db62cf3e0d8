// The one table of tags: which there are, and which resource has which. Kept as rows, answered from memory.

import type { Rows, Store, Tag, TaggedResource, Tags } from '../core/ports.ts';
import { fail } from './tag-errors.ts';
import { checkTag, checkTags, TAG_KEYS, TAGS_PER_RESOURCE, VALUES_PER_KEY } from './tag-rules.ts';
import { Turns } from './turns.ts';

/** A tag by itself: on a resource or not. */
const TAG = 'tag/tag';
/** The tags of one resource; the id is `<service>:<prefix>/<id>`. */
const TAGGED = 'tag/resource';

export interface Tagged {
  readonly resource: TaggedResource;
  readonly tags: readonly Tag[];
}

/** Makes new tags of a resource from those it has. */
export type TagChange = (tags: readonly Tag[], resource: TaggedResource) => readonly Tag[];

export class TagTable implements Tags {
  readonly #store: Store;
  readonly #turns = new Turns();
  /** Values by key. */
  readonly #values = new Map<string, Set<string>>();
  readonly #tagged = new Map<string, Tagged>();

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(store: Store): Promise<TagTable> {
    const table = new TagTable(store);
    for (const row of await store.list('resources', { kind: TAG })) table.#add(row.body as Tag);
    const missing: Tag[] = [];
    for (const { region, id, body } of await store.list('resources', { kind: TAGGED })) {
      const tags = body as readonly Tag[];
      table.#hold(resourceOf(region, id), tags);
      for (const tag of tags) if (table.#add(tag)) missing.push(tag);
    }
    // Tags that came with older functions.
    if (missing.length > 0) await store.putAll('resources', missing.map(rowOf));
    return table;
  }

  of(resource: TaggedResource): readonly Tag[] {
    return this.#tagged.get(textOf(resource))?.tags ?? [];
  }

  /** By key and value; `used`: a resource has it. */
  all(): readonly (Tag & { readonly used: boolean })[] {
    const used = new Set([...this.#tagged.values()].flatMap(({ tags }) => tags.map(pairText)));
    return [...this.#values]
      .flatMap(([Key, values]) => [...values].map(Value => ({ Key, Value })))
      .map(tag => ({ ...tag, used: used.has(pairText(tag)) }))
      .toSorted((a, b) => compareText(a.Key, b.Key) || compareText(a.Value, b.Value));
  }

  /** Resources that have a tag, in a fixed order. */
  tagged(): readonly Tagged[] {
    return [...this.#tagged].toSorted(([a], [b]) => compareText(a, b)).map(([, tagged]) => tagged);
  }

  has({ Key, Value }: Tag): boolean {
    return this.#values.get(Key)?.has(Value) === true;
  }

  /** All or none; refused where one is there. */
  create(tags: readonly Tag[]): Promise<void> {
    for (const tag of tags) checkTag(tag);
    return this.#turn(async () => {
      const seen = new Set<string>();
      for (const tag of tags) {
        if (this.has(tag) || seen.has(pairText(tag))) fail('ResourceInUse.TagDuplicate', wordsOf(tag));
        seen.add(pairText(tag));
      }
      this.#mustFit(tags);
      await this.#store.putAll('resources', tags.map(rowOf));
      for (const tag of tags) this.#add(tag);
    });
  }

  /** All or none; refused while a resource has one. */
  remove(tags: readonly Tag[]): Promise<void> {
    return this.#turn(async () => {
      const used = new Set(
        this.all()
          .filter(tag => tag.used)
          .map(pairText),
      );
      for (const tag of tags) {
        if (!this.has(tag)) fail('ResourceNotFound.TagNonExist', wordsOf(tag));
        if (used.has(pairText(tag))) fail('FailedOperation.TagAttachedResource', wordsOf(tag));
      }
      await this.#store.transaction(async rows => {
        for (const tag of tags) await rows.remove('resources', { kind: TAG, region: '', id: pairText(tag) });
      });
      for (const { Key, Value } of tags) {
        const values = this.#values.get(Key);
        values?.delete(Value);
        if (values?.size === 0) this.#values.delete(Key);
      }
    });
  }

  set(resource: TaggedResource, tags: readonly Tag[]): Promise<void> {
    return this.change([resource], () => tags);
  }

  drop(resource: TaggedResource): Promise<void> {
    return this.change([resource], () => []);
  }

  /** All resources or none; new tags are made. */
  change(resources: readonly TaggedResource[], change: TagChange): Promise<void> {
    return this.#turn(async () => {
      // One that is named twice is changed twice.
      const next = new Map<string, Tagged>();
      for (const resource of resources) {
        const text = textOf(resource);
        const tags = change(next.get(text)?.tags ?? this.of(resource), resource);
        this.check(resource, tags);
        next.set(text, { resource, tags });
      }
      this.#mustFit([...next.values()].flatMap(({ tags }) => tags));
      await this.#store.transaction(async rows => {
        for (const { resource, tags } of next.values()) await this.write(rows, resource, tags);
      });
      for (const { resource, tags } of next.values()) this.#take(resource, tags);
    });
  }

  /** Refuses what `set` would refuse, before anything else is done. */
  check(resource: TaggedResource, tags: readonly Tag[]): void {
    checkTags(tags, this.of(resource));
    if (tags.length > TAGS_PER_RESOURCE)
      fail('LimitExceeded.ResourceAttachedTags', {
        resource: resource.id,
        count: tags.length,
        limit: TAGS_PER_RESOURCE,
      });
  }

  /** Inside a transaction of its owner, which calls `refresh` when it has been committed. */
  async write(rows: Rows, resource: TaggedResource, tags: readonly Tag[]): Promise<void> {
    const where = { kind: TAGGED, region: resource.region, id: idOf(resource) };
    if (tags.length === 0) {
      await rows.remove('resources', where);
      return;
    }
    await rows.put('resources', { ...where, parent: '', body: tags.map(({ Key, Value }) => ({ Key, Value })) });
    for (const tag of tags) if (!this.has(tag)) await rows.put('resources', rowOf(tag));
  }

  refresh(resource: TaggedResource): Promise<void> {
    return this.#turn(async () => {
      const { region } = resource;
      const row = await this.#store.get('resources', { kind: TAGGED, region, id: idOf(resource) });
      this.#take(resource, row ? (row.body as readonly Tag[]) : []);
    });
  }

  #turn<R>(work: () => Promise<R>): Promise<R> {
    return this.#turns.take(TAGGED, work);
  }

  #take(resource: TaggedResource, tags: readonly Tag[]): void {
    this.#hold(resource, tags);
    for (const tag of tags) this.#add(tag);
  }

  #hold(resource: TaggedResource, tags: readonly Tag[]): void {
    const { service, region, prefix, id } = resource;
    const frozen = Object.freeze(tags.map(({ Key, Value }) => Object.freeze({ Key, Value })));
    if (tags.length === 0) this.#tagged.delete(textOf(resource));
    else this.#tagged.set(textOf(resource), { resource: Object.freeze({ service, region, prefix, id }), tags: frozen });
  }

  /** Whether it is new. */
  #add({ Key, Value }: Tag): boolean {
    const values = this.#values.get(Key) ?? new Set();
    if (values.has(Value)) return false;
    this.#values.set(Key, values.add(Value));
    return true;
  }

  #mustFit(tags: readonly Tag[]): void {
    const added = new Map<string, Set<string>>();
    for (const tag of tags) {
      if (this.has(tag)) continue;
      added.set(tag.Key, (added.get(tag.Key) ?? new Set()).add(tag.Value));
    }
    let keys = this.#values.size;
    for (const [key, values] of added) {
      const known = this.#values.get(key);
      if (!known && ++keys > TAG_KEYS) fail('LimitExceeded.TagKey', { limit: TAG_KEYS });
      if ((known?.size ?? 0) + values.size > VALUES_PER_KEY)
        fail('LimitExceeded.TagValue', { key, limit: VALUES_PER_KEY });
    }
  }
}

/** Neither a key nor a value has a line break. */
export const pairText = ({ Key, Value }: Tag): string => `${Key}\n${Value}`;

const wordsOf = ({ Key, Value }: Tag) => ({ key: Key, value: Value });

const idOf = ({ service, prefix, id }: TaggedResource): string => `${service}:${prefix}/${id}`;
const textOf = (resource: TaggedResource): string => `${resource.region} ${idOf(resource)}`;

function rowOf({ Key, Value }: Tag) {
  const tag = { Key, Value };
  return { kind: TAG, region: '', id: pairText(tag), parent: '', body: tag };
}

function resourceOf(region: string, text: string): TaggedResource {
  const colon = text.indexOf(':');
  const slash = text.indexOf('/', colon);
  return { service: text.slice(0, colon), region, prefix: text.slice(colon + 1, slash), id: text.slice(slash + 1) };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
