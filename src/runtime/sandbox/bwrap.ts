// The driver that keeps functions apart: bubblewrap's namespaces and read-only root, and for each sandbox
// a user, a filter of system calls and a control group.

import { shortId } from '../../core/ids.ts';
import type { Sentence } from '../languages/language.ts';
import { PLACES } from './bwrap/args.ts';
import { obstacleOf } from './bwrap/obstacles.ts';
import { probeBwrap } from './bwrap/probe.ts';
import { BwrapSandbox, type Workshop } from './bwrap/sandbox.ts';
import { trial } from './bwrap/trial.ts';
import { PROTECTS, weaknesses } from './bwrap/words.ts';
import { type BwrapChoices, type BwrapDeps, type OpenWorkshop, openWorkshop } from './bwrap/workshop.ts';
import type { SandboxDriver, SandboxSpec } from './driver.ts';

/** `missing` says why it cannot be used here, and what helps. */
export async function openBwrapDriver(
  deps: BwrapDeps,
  choices: BwrapChoices = {},
): Promise<SandboxDriver | { readonly missing: Sentence }> {
  const means = await probeBwrap(choices.path);
  if ('missing' in means) return means;
  let opened: OpenWorkshop;
  try {
    opened = await openWorkshop(deps, choices, means);
  } catch (error) {
    deps.log.debug({ error }, 'the sandbox cannot be prepared');
    return { missing: obstacleOf((error as Error).message) };
  }
  const { workshop, etcDir, cgroups, close } = opened;
  const living = new Set<BwrapSandbox>();
  const end = async () => {
    for (const one of living) one.kill();
    await Promise.all([...living].map(one => one.cleared));
    await close();
  };
  const startIn = (shop: Workshop) => (spec: SandboxSpec) => {
    const sandbox = new BwrapSandbox(shop, spec, shortId(deps.ids, 12));
    living.add(sandbox);
    void sandbox.cleared.then(() => living.delete(sandbox));
    return sandbox;
  };
  const attempt = (shop: Workshop) =>
    trial({ start: startIn(shop), codeDir: etcDir, file: 'passwd', late: shop.lateAssign, clock: deps.clock });

  let used = workshop;
  let failed = await attempt(used);
  if (failed !== undefined && used.lateAssign) {
    const reason = failed;
    used = { ...workshop, lateAssign: false };
    failed = await attempt(used);
    if (failed === undefined) deps.log.warn({ reason }, 'no function can be brought into a sandbox that has started');
  }
  if (failed !== undefined) {
    await end();
    return { missing: obstacleOf(failed) };
  }
  return {
    name: 'bwrap',
    protects: PROTECTS,
    weaker: weaknesses({ cgroups, ownUid: used.uids !== undefined, nproc: used.nproc, tmp: used.tmp.kind }),
    lateAssign: used.lateAssign,
    places: PLACES,
    start: startIn(used),
    close: end,
  };
}
