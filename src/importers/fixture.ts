// Files for tests of this room, in a folder that is removed when the test ends.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Gives the folder; a name may hold folders. */
export async function folderWith(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
  name = 'demo',
): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'openscf-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, name);
  await mkdir(folder);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  return folder;
}
