// The balancer's objects: rows of the table `resources`, all of them in memory.

import type { Rows, Store } from '../../core/ports.ts';
import { failClb } from './errors.ts';
import type { CustomConfig, Listener, LoadBalancer, Rule } from './model.ts';

export interface Kinds {
  readonly 'clb/balancer': LoadBalancer;
  readonly 'clb/listener': Listener;
  readonly 'clb/rule': Rule;
  readonly 'clb/config': CustomConfig;
}

export type Kind = keyof Kinds;

type Change = {
  readonly kind: Kind;
  readonly region: string;
  readonly id: string;
  readonly body: Kinds[Kind] | undefined;
};

/** What one call of a verb changes: written all at once, or not at all. */
export class Edit {
  readonly changes: Change[] = [];
  /** Runs when the verb fails or the rows cannot be written, last one first. */
  readonly undo: (() => void)[] = [];

  put<K extends Kind>(kind: K, body: Kinds[K]): void {
    this.changes.push({ kind, region: body.region, id: body.id, body });
  }

  remove(kind: Kind, { region, id }: { readonly region: string; readonly id: string }): void {
    this.changes.push({ kind, region, id, body: undefined });
  }

  async write(rows: Rows): Promise<void> {
    for (const { kind, region, id, body } of this.changes) {
      if (body) await rows.put('resources', { kind, region, id, parent: parentOf(kind, body), body });
      else await rows.remove('resources', { kind, region, id });
    }
  }
}

function parentOf(kind: Kind, body: Kinds[Kind]): string {
  if (kind === 'clb/listener') return (body as Listener).loadBalancerId;
  return kind === 'clb/rule' ? (body as Rule).listenerId : '';
}

const KINDS: readonly Kind[] = ['clb/balancer', 'clb/listener', 'clb/rule', 'clb/config'];

export class Objects {
  readonly #shelves: { readonly [K in Kind]: Map<string, Kinds[K]> } = {
    'clb/balancer': new Map(),
    'clb/listener': new Map(),
    'clb/rule': new Map(),
    'clb/config': new Map(),
  };

  static async load(store: Store): Promise<Objects> {
    const objects = new Objects();
    for (const kind of KINDS) {
      // This room alone writes these rows, so a body is what its kind says.
      for (const { body } of await store.list('resources', { kind })) objects.#set(kind, body as Kinds[typeof kind]);
    }
    return objects;
  }

  apply({ changes }: Edit): void {
    for (const { kind, region, id, body } of changes) {
      if (body) this.#set(kind, body);
      else this.#shelves[kind].delete(`${region}/${id}`);
    }
  }

  #set(kind: Kind, body: Kinds[Kind]): void {
    (this.#shelves[kind] as Map<string, Kinds[Kind]>).set(`${body.region}/${body.id}`, body);
  }

  find<K extends Kind>(kind: K, region: string, id: string): Kinds[K] | undefined {
    return this.#shelves[kind].get(`${region}/${id}`);
  }

  /** Oldest first, those of one moment as they were made; of all regions and owners, or of some. */
  list<K extends Kind>(kind: K, wanted: (one: Kinds[K]) => boolean = () => true): Kinds[K][] {
    const shelf: ReadonlyMap<string, Kinds[K]> = this.#shelves[kind];
    return [...shelf.values()].filter(wanted).sort((a, b) => a.createdAt - b.createdAt);
  }

  needBalancer({ region, loadBalancerId }: { readonly region: string; readonly loadBalancerId: string }): LoadBalancer {
    const found = this.find('clb/balancer', region, loadBalancerId);
    return found ?? failClb('InvalidParameter.LBIdNotFound', { id: loadBalancerId });
  }

  needListener(ref: {
    readonly region: string;
    readonly loadBalancerId: string;
    readonly listenerId: string;
  }): Listener {
    const { loadBalancerId, listenerId } = ref;
    this.needBalancer(ref);
    const found = this.find('clb/listener', ref.region, listenerId);
    if (found?.loadBalancerId === loadBalancerId) return found;
    return failClb('InvalidParameter.ListenerIdNotFound', { loadBalancerId, id: listenerId });
  }

  listenersOf({ region, id }: Pick<LoadBalancer, 'region' | 'id'>): Listener[] {
    return this.list('clb/listener', one => one.region === region && one.loadBalancerId === id);
  }

  rulesOf({ region, id }: Pick<Listener, 'region' | 'id'>): Rule[] {
    return this.list('clb/rule', one => one.region === region && one.listenerId === id);
  }
}
