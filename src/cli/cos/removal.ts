// Deletes many objects, a thousand to a request.

import type { CloudError } from '../../core/errors.ts';
import { formatAddress, shown } from './address.ts';
import type { CosClient } from './client.ts';
import { refused } from './errors.ts';
import { childrenOf, escapeXml, readXml, textOf } from './xml.ts';

export interface Doomed {
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** Documented. */
const AT_ONCE = 1000;

/** Gives how many are gone; each that is not is told of. */
export async function removeMany(
  cos: CosClient,
  bucket: string,
  objects: AsyncIterable<Doomed>,
  onFailed: (failed: { readonly key: string; readonly error: CloudError }) => void,
): Promise<number> {
  let removed = 0;
  let batch: Doomed[] = [];
  const flush = async () => {
    const list = batch.map(
      ({ key, versionId }) =>
        `<Object><Key>${escapeXml(key)}</Key>${versionId === undefined ? '' : `<VersionId>${escapeXml(versionId)}</VersionId>`}</Object>`,
    );
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${list.join('')}</Delete>`);
    const headers = { 'Content-Type': 'application/xml' };
    const answer = await cos.ask({ method: 'POST', bucket, query: { delete: '' }, headers, body });
    const root = readXml(answer.body.toString());
    const failed = root ? childrenOf(root, 'Error') : [];
    removed += batch.length - failed.length;
    batch = [];
    for (const one of failed) {
      const key = textOf(one, 'Key');
      const address = shown(formatAddress({ bucket, key }));
      const [code, message] = [textOf(one, 'Code'), textOf(one, 'Message')];
      onFailed({ key, error: refused({ code, message, requestId: '', bucket, address }) });
    }
  };
  for await (const one of objects) {
    batch.push(one);
    if (batch.length === AT_ONCE) await flush();
  }
  if (batch.length > 0) await flush();
  return removed;
}
