// A plan's package, on its way to the server: in the request itself, or by the object store.

import { hash } from 'node:crypto';
import { CloudError } from '../core/errors.ts';
import type { DeployOptions } from './call.ts';
import { fail } from './errors.ts';
import type { Plan, StoredPackage } from './project.ts';

type Wire = Readonly<Record<string, unknown>>;

/** `send`: makes or updates the function with a Code as the actions take it. */
export async function sendCode(
  { name, code }: Pick<Plan, 'name' | 'code'>,
  options: Pick<DeployOptions, 'upload'>,
  send: (code: Wire) => Promise<unknown>,
): Promise<void> {
  if (!('bucket' in code)) {
    await send({ ZipFile: code.zip.toString('base64') });
    return;
  }
  const { bucket, object } = 'object' in code ? code : await uploaded(name, code, options);
  try {
    await send({ CosBucketName: bucket, CosObjectName: object });
  } catch (error) {
    if (!(error instanceof CloudError) || !OF_OBJECTS.test(error.code)) throw error;
    const said = { code: error.code, zh: error.text('zh'), en: error.text('en') };
    fail('Deploy.Stored', { name, bucket, object: object.replace(/^\//, ''), ...said }, error);
  }
}

/** Ends of codes that are about what was fetched: ResourceNotFound.Cos, InvalidParameterValue.CosBucketRegion, … */
const OF_OBJECTS = /\.(?:Cos\w*|ZipFile)$/;

/** The same package has the same key, and another one overwrites nothing. */
async function uploaded(
  name: string,
  { zip, bucket }: { readonly zip: Buffer; readonly bucket: string },
  { upload }: Pick<DeployOptions, 'upload'>,
): Promise<StoredPackage> {
  const to = { bucket, object: `${name}-${hash('sha256', zip).slice(0, 16)}.zip` };
  if (!upload) return fail('Deploy.NoUpload', { name, bucket });
  await upload(zip, to);
  return to;
}
