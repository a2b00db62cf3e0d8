// The smallest code package: one file.

import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';

/** Earliest day a zip can write; a package made twice from one text has the same bytes. */
const EPOCH = new Date(Date.UTC(1980, 0, 2));

export function zipOf(name: string, text: string): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  zip.addBuffer(Buffer.from(text), name, { mtime: EPOCH, mode: 0o100755 });
  zip.end();
  return buffer(zip.outputStream);
}
