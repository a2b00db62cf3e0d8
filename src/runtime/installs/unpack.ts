// From a package of the registry to a folder with bin/node in it: checked while it arrives, nothing else is taken out.

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { CloudError } from '../../core/errors.ts';
import { fail } from './errors.ts';

/** Below `package/`, the folder that every package of the registry has. */
const WANTED = new Set(['package/bin/node', 'package/LICENSE']);
const MB = 1024 * 1024;
/** Packages are 15 to 60 MB, programs 30 to 130. */
const PACKAGE_BYTES = 256 * MB;
const FILE_BYTES = 512 * MB;

export interface Arriving {
  readonly name: string;
  readonly body: Readable;
  readonly integrity: string;
  /** Called with the bytes so far. */
  readonly progress: (bytes: number) => void;
}

/** Fills an empty folder; what is in it after a failure is of no use. */
export async function unpackNode({ name, body, integrity, progress }: Arriving, folder: string): Promise<void> {
  const expected = sha512Of(integrity);
  if (expected.length === 0) fail('Runtime.Integrity', { name });
  const hash = createHash('sha512');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > PACKAGE_BYTES) return done(new Error(`larger than ${PACKAGE_BYTES / MB} MB`));
      hash.update(chunk);
      progress(bytes);
      done(null, chunk);
    },
  });
  const take = extract({
    cwd: folder,
    strip: 1,
    strict: true,
    preserveOwner: false,
    filter: (path, entry) => WANTED.has(path) && 'type' in entry && entry.type === 'File' && entry.size <= FILE_BYTES,
  });
  try {
    await pipeline(body, meter, take);
  } catch (error) {
    if (error instanceof CloudError) throw error;
    fail('Runtime.Package', { name, reason: (error as Error).message }, error);
  }
  if (!expected.includes(hash.digest('base64'))) fail('Runtime.Integrity', { name });
  const program = await stat(join(folder, 'bin', 'node')).catch(() => undefined);
  if (!program?.isFile()) fail('Runtime.Package', { name, reason: 'bin/node is missing' });
}

/** One text may hold several checksums; the weaker ones do not count. */
function sha512Of(integrity: string): string[] {
  return integrity
    .split(/\s+/)
    .filter(one => one.startsWith('sha512-'))
    .map(one => one.slice('sha512-'.length).replace(/\?.*$/, ''));
}
