// Roles that functions run by: which ones they may have, and the keys that they get of them.

import { CloudError } from '../core/errors.ts';
import type { FunctionVersion } from '../core/function.ts';
import { fail } from './errors.ts';
import type { Sentence } from './needs.ts';
import { needPreset, type Role, type Roles } from './roles.ts';
import type { Issued, Sessions } from './sessions.ts';
import type { Turns } from './turns.ts';

export interface RunRoles {
  /** '' for none. ResourceNotFound.Role, UnauthorizedOperation.Role. */
  check(name: string): Promise<void>;
  /** Or why there are none: the role may have gone since. `nowMs` is true time, as clients sign by it. */
  keysOf(version: Pick<FunctionVersion, 'name' | 'role'>, nowMs: number): Issued | Sentence;
}

const SERVICE = 'scf.qcloud.com';
/** Documented: keys of a run role live so long at most. */
const LIFE_S = 6 * 3600;

/** Documented: the console makes them when functions are first used, the second one in its older spelling. */
const READY_MADE: ReadonlySet<string> = new Set(['SCF_QcsRole', 'QCS_SCFExcuteRole', 'SCF_ExecuteRole']);
const READY_POLICY = 'QcloudAccessForScfRole';
const TRUST = JSON.stringify({
  version: '2.0',
  statement: [{ action: 'name/sts:AssumeRole', effect: 'allow', principal: { service: [SERVICE] } }],
});

interface Deps {
  readonly roles: Roles;
  readonly sessions: Pick<Sessions, 'assumeFor'>;
  readonly turns: Turns;
}

export function runRolesIn({ roles, sessions, turns }: Deps): RunRoles {
  /** In other letters it would be another one to the policies that say who may give it. */
  function find(name: string): Role | undefined {
    const role = roles.find({ name });
    return role?.name === name ? role : undefined;
  }

  const readyMade = (name: string) =>
    turns.take('runroles', async () => {
      if (roles.find({ name })) return;
      await roles.create({ name, trust: TRUST, description: READY_POLICY, consoleLogin: 0, sessionS: 0, tags: [] });
      await roles.attach({ name }, needPreset({ name: READY_POLICY }));
    });

  return Object.freeze<RunRoles>({
    async check(name) {
      if (name === '') return;
      if (READY_MADE.has(name)) await readyMade(name);
      const role = find(name) ?? fail('ResourceNotFound.Role', { role: name });
      if (!roles.trusts(role, [`service/${SERVICE}`]))
        fail('UnauthorizedOperation.Role', { role: name, service: SERVICE });
    },

    keysOf({ name, role }, nowMs) {
      try {
        const found = find(role) ?? fail('ResourceNotFound.Role', { role });
        const durationS = Math.min(LIFE_S, found.sessionS || LIFE_S);
        return sessions.assumeFor(SERVICE, found, name, { durationS, nowMs });
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        return { zh: error.text('zh'), en: error.text('en') };
      }
    },
  });
}
