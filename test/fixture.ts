// Small things that whole-product tests share.

import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A zip of these files; yazl's stream is closed by `end()`. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return buffer(zip.outputStream);
}
