// What this machine offers to instances, found by trying: the best that works is used.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Sentence } from '../../languages/language.ts';
import { Uids, uidRange } from '../bwrap/uids.ts';
import { type Cgroups, openCgroups } from '../cgroup/cgroups.ts';
import { sandboxProgram } from '../native.ts';
import { Access } from './access.ts';
import { DIE_WITH_SERVER } from './launch.ts';
import type { Ground, Users } from './sandbox.ts';
import { blockedBy, type Facts, NO_CGROUPS, NO_USERS, NOT_HERE, NOT_ROOT } from './words.ts';

export interface GroundDeps {
  readonly dataDir: string;
  /** Unique per data folder: letters, digits, `-` and `_`. */
  readonly mark: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Narrower than what the machine offers. */
export interface Choices {
  readonly program?: false;
  readonly cgroups?: false;
  readonly ownUid?: false;
}

export interface Found {
  readonly ground: Ground;
  readonly facts: Facts;
  /** Removes what is shared, once no instance is left. */
  close(): Promise<void>;
}

/** `dir` holds the folders of instances. `fails` says why an instance on a ground does not work. */
export async function findGround(
  deps: GroundDeps,
  dir: string,
  choices: Choices,
  fails: (ground: Ground) => Promise<string | undefined>,
): Promise<Found> {
  const { dataDir, log } = deps;
  const { platform, arch } = process;
  const program =
    choices.program === false ? undefined : sandboxProgram({ platform, arch, copyDir: join(dataDir, 'bin') });
  if (!program) return shellGround(dir, log);
  const groups = choices.cgroups === false ? NO_CGROUPS : await groupsOf(deps);
  const users = choices.ownUid === false ? NOT_ROOT : usersOf(dataDir, deps.mark);
  if ('access' in users) users.access.admit(join(dir, 'any'));
  for (const wish of wishes(groups, users)) {
    const ground = { launch: { program: program.path, prefix: [], seccomp: wish.seccomp }, ...wish, dir, log };
    const reason = await fails(ground);
    if (reason === undefined) {
      // A group that none can join is of no use.
      if (!wish.cgroups && 'create' in groups) await groups.close();
      return { ground, facts: factsOf(groups, users, wish), close: async () => wish.cgroups?.close() };
    }
    log.info(
      { reason, ownUsers: wish.users !== undefined, cgroups: wish.cgroups !== undefined, seccomp: wish.seccomp },
      'instances do not start this way here; trying with less',
    );
  }
  if ('create' in groups) await groups.close();
  return shellGround(dir, log);
}

interface Wish {
  readonly cgroups: Cgroups | undefined;
  readonly users: Users | undefined;
  readonly seccomp: boolean;
}

/** Best first. What is given up first is what a kernel forbids most often. */
function wishes(groups: Cgroups | Sentence, users: Users | Sentence): Wish[] {
  const all: Wish[] = [];
  for (const cgroups of 'create' in groups ? [groups, undefined] : [undefined]) {
    for (const each of 'access' in users ? [users, undefined] : [undefined]) {
      for (const seccomp of [true, false]) all.push({ cgroups, users: each, seccomp });
    }
  }
  return all;
}

function factsOf(groups: Cgroups | Sentence, users: Users | Sentence, wish: Wish): Facts {
  return {
    cgroups: wish.cgroups ? 'used' : 'create' in groups ? NO_CGROUPS : groups,
    user: wish.users ? 'own' : 'access' in users ? NO_USERS : users,
    bound: true,
    filtered: wish.seccomp,
  };
}

/** macOS, and machines that our program is not built for. */
async function shellGround(dir: string, log: Log): Promise<Found> {
  const bound = await succeeds([...DIE_WITH_SERVER, '/bin/sh', '-c', ':']);
  const launch = { program: undefined, prefix: bound ? DIE_WITH_SERVER : [], seccomp: false };
  return {
    ground: { launch, cgroups: undefined, users: undefined, dir, log },
    facts: { user: NOT_HERE, cgroups: NOT_HERE, bound, filtered: false },
    close: async () => {},
  };
}

function succeeds([command = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise(resolve => execFile(command, args, error => resolve(error === null)));
}

async function groupsOf(deps: GroundDeps): Promise<Cgroups | Sentence> {
  const groups = await openCgroups(deps);
  if ('missing' in groups) return groups.missing;
  await groups.sweep();
  return groups;
}

function usersOf(dataDir: string, mark: string): Users | Sentence {
  if (process.getuid?.() !== 0) return NOT_ROOT;
  const range = uidRange(mark);
  if (!range) return NO_USERS;
  try {
    // The first is the group of all of them.
    const access = Access.open(dataDir, range.first);
    if ('blocked' in access) return blockedBy(access.blocked);
    const uids = new Uids({ first: range.first + 1, count: range.count - 1 });
    return { access, take: () => uids.take(), give: uid => uids.give(uid) };
  } catch {
    // Root in a container that may not change owners.
    return NO_USERS;
  }
}
