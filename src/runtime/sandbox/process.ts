// The plain driver, for where namespaces are not allowed: process groups with limits, as users of their own and in
// control groups where that can be. Works everywhere, keeps apart less than bubblewrap.

import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Ids, shortId } from '../../core/ids.ts';
import type { SandboxDriver, SandboxSpec } from './driver.ts';
import { openFolders, removeFolder } from './process/folders.ts';
import { type Choices, findGround, type GroundDeps } from './process/ground.ts';
import { type Ground, ProcessSandbox } from './process/sandbox.ts';
import { trial } from './process/trial.ts';
import { protects, weaknesses } from './process/words.ts';

export interface ProcessDeps extends GroundDeps {
  readonly ids: Ids;
}

export async function openProcessDriver(given: ProcessDeps, choices: Choices = {}): Promise<SandboxDriver> {
  mkdirSync(given.dataDir, { recursive: true, mode: 0o700 });
  const deps = { ...given, dataDir: realpathSync(given.dataDir) };
  const dir = join(deps.dataDir, 'process');
  await openFolders(dir);
  const living = new Set<ProcessSandbox>();
  const start = (ground: Ground, spec: SandboxSpec) => {
    const sandbox = new ProcessSandbox(ground, spec, shortId(deps.ids, 12));
    living.add(sandbox);
    void sandbox.cleared.then(() => living.delete(sandbox));
    return sandbox;
  };
  const cleared = () => Promise.all([...living].map(one => one.cleared));
  const { ground, facts, close } = await findGround(deps, dir, choices, async tried => {
    const failed = await trial(spec => start(tried, spec), deps.clock);
    await cleared();
    return failed;
  });
  return {
    name: 'process',
    protects: protects(facts),
    weaker: weaknesses(facts),
    lateAssign: true,
    places: undefined,
    start: spec => start(ground, spec),
    async close() {
      for (const one of living) one.kill();
      await cleared();
      await close();
      await removeFolder(dir);
    },
  };
}
