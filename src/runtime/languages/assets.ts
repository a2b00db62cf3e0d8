// Where the bootstraps lie: beside the source, and in the published bundle beside that.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `node/bootstrap.cjs` → its path. The bundle's copies are in `runtime/` beside it. */
export function assetPath(name: string): string {
  for (const place of [`./${name}`, `./runtime/${name}`]) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new Error(`the file ${name} of the runtime is missing beside ${import.meta.url}`);
}
