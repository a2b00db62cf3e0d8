// Which sandbox driver runs: the one that was asked for, or the best that works here.

import type { Sentence } from '../languages/language.ts';
import type { BwrapDeps } from './bwrap/workshop.ts';
import { openBwrapDriver } from './bwrap.ts';
import type { SandboxDriver } from './driver.ts';
import { openProcessDriver } from './process.ts';

export interface ChosenDriver {
  readonly driver: SandboxDriver;
  /** Why the full sandbox was not taken; for those who did not ask for another. */
  readonly instead?: Sentence;
}

export async function chooseDriver(
  sandbox: 'auto' | 'process' | 'bwrap',
  deps: BwrapDeps,
): Promise<ChosenDriver | { readonly missing: Sentence }> {
  if (sandbox === 'process') return { driver: await openProcessDriver(deps) };
  const bwrap = await openBwrapDriver(deps);
  if (!('missing' in bwrap)) return { driver: bwrap };
  if (sandbox === 'bwrap') return bwrap;
  return { driver: await openProcessDriver(deps), instead: bwrap.missing };
}
