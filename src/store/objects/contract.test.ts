import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_LOG } from '../../core/log.ts';
import { objectIndexContract } from './index.contract.ts';
import { openObjectIndex } from './sqlite.ts';
import { memoryIndex } from './testing-index.ts';

objectIndexContract('sqlite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-objects-'));
  const index = await openObjectIndex({ file: join(dir, 'objects.db'), log: NO_LOG });
  const drop = async () => {
    await index.close();
    rmSync(dir, { recursive: true });
  };
  return { index, drop };
});

objectIndexContract('memory', async () => {
  const index = memoryIndex();
  return { index, drop: () => index.close() };
});
