// Roles of the account: who may take one on, and what it lets them do. Kept as rows, answered from memory.

import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import { decide, type Policy } from '../core/policy.ts';
import { PolicyError, readPolicy } from '../core/policy-text.ts';
import type { Store, Tag } from '../core/ports.ts';
import { PRESETS, type Preset, presetOf } from './presets.ts';
import { fail } from './session-errors.ts';
import { Turns } from './turns.ts';

export interface Role {
  readonly id: string;
  readonly name: string;
  /** Who may take it on: JSON as it came. */
  readonly trust: string;
  readonly description: string;
  readonly consoleLogin: number;
  /** The longest life of its keys; 0: the API's own. */
  readonly sessionS: number;
  readonly tags: readonly Tag[];
  /** Presets with the time they were attached. */
  readonly attached: readonly { readonly policyId: number; readonly at: number }[];
  /** ms since 1970. */
  readonly addTime: number;
  readonly modTime: number;
}

export type RoleDraft = Pick<Role, 'name' | 'trust' | 'description' | 'consoleLogin' | 'sessionS' | 'tags'>;

/** By its id or by its name. */
export interface RoleRef {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export interface Roles {
  create(draft: RoleDraft): Promise<Role>;
  find(ref: RoleRef): Role | undefined;
  /** InvalidParameter.RoleNotExist. */
  need(ref: RoleRef): Role;
  /** By name. */
  list(): readonly Role[];
  remove(ref: RoleRef): Promise<void>;
  attach(ref: RoleRef, preset: Preset): Promise<void>;
  detach(ref: RoleRef, preset: Preset): Promise<void>;
  /** Whether one of these names may take it on. */
  trusts(role: Role, names: readonly string[]): boolean;
  /** All that it may, together. */
  policyOf(role: Role): Policy;
}

export interface RoleDeps {
  /** A role of that name is another one now, or none. */
  readonly changed?: (name: string) => void;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
}

const KIND = 'cam/role';
/** Documented: "Limits" of CAM; policies per role. */
const MAX_ROLES = 1000;

export async function openRoles({ store, clock, ids, changed }: RoleDeps): Promise<Roles> {
  const rows = await store.list('resources', { kind: KIND });
  const kept = new Map(rows.map(({ id, body }) => [id, body as Role]));
  const turns = new Turns();

  const find = ({ id, name }: RoleRef) =>
    id ? kept.get(id) : [...kept.values()].find(role => role.name.toLowerCase() === name?.toLowerCase());
  const need = (ref: RoleRef) => find(ref) ?? fail('InvalidParameter.RoleNotExist', { role: ref.id || ref.name || '' });

  async function keep(role: Role): Promise<Role> {
    await store.put('resources', { kind: KIND, region: '', id: role.id, parent: '', body: role });
    const frozen = Object.freeze(role);
    kept.set(role.id, frozen);
    return frozen;
  }

  const change = (ref: RoleRef, work: (role: Role) => Partial<Role>) =>
    turns.take(KIND, async () => {
      const role = need(ref);
      await keep({ ...role, ...work(role), modTime: clock.now() });
    });

  return Object.freeze<Roles>({
    find,
    need,
    list: () => [...kept.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),

    create(draft) {
      const { name: role } = draft;
      if (!/^[\w+=,.@-]{1,128}$/.test(role)) fail('InvalidParameter.RoleNameError', { role });
      readTrust(draft.trust);
      return turns.take(KIND, async () => {
        if (find({ name: role })) fail('InvalidParameter.RoleNameInUsed', { role });
        if (kept.size >= MAX_ROLES) fail('InvalidParameter.RoleFull', { limit: MAX_ROLES });
        const now = clock.now();
        const made = await keep({ ...draft, id: newId(ids, kept), attached: [], addTime: now, modTime: now });
        changed?.(made.name);
        return made;
      });
    },

    remove: ref =>
      turns.take(KIND, async () => {
        const { id, name } = need(ref);
        await store.remove('resources', { kind: KIND, region: '', id });
        kept.delete(id);
        changed?.(name);
      }),

    attach: (ref, { id }) =>
      change(ref, ({ attached }) =>
        attached.some(({ policyId }) => policyId === id)
          ? {}
          : { attached: [...attached, { policyId: id, at: clock.now() }] },
      ),

    detach: (ref, preset) =>
      change(ref, ({ attached }) => ({ attached: attached.filter(({ policyId }) => policyId !== preset.id) })),

    trusts(role, names) {
      const resource = { service: 'sts', region: '', accounts: [], paths: [] };
      const ask = { action: 'sts:AssumeRole', callers: names, resource, values: new Map() };
      return decide(readTrust(role.trust), ask) === 'allow';
    },

    policyOf: ({ attached }) => ({
      statements: attached.flatMap(({ policyId }) => presetOf(policyId)?.policy.statements ?? []),
    }),
  });
}

/** By id or by name. */
export function needPreset(policy: { readonly id?: number | undefined; readonly name?: string | undefined }): Preset {
  const found = PRESETS.find(({ id, name }) => (policy.id === undefined ? name === policy.name : id === policy.id));
  const known = PRESETS.map(({ name }) => name).join(', ');
  return found ?? fail('InvalidParameter.PolicyIdNotExist', { policy: policy.id ?? policy.name ?? '', known });
}

/** Nobody is trusted by a statement that names nobody. */
function readTrust(text: string): Policy {
  try {
    const policy = readPolicy(text, 'role');
    if (policy.statements.some(({ principals }) => principals === undefined)) fail('InvalidParameter.PrincipalError');
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { reason } = error;
    return fail('InvalidParameter.ParamError', { name: 'PolicyDocument', zh: reason, en: reason }, error);
  }
}

/** Nineteen digits, as the cloud's. */
function newId(ids: Ids, taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = `46116860${(ids.bytes(8).readBigUInt64BE() % 100_000_000_000n).toString().padStart(11, '0')}`;
    if (!taken.has(id)) return id;
  }
}
