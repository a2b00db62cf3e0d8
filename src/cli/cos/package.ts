// The package of a function, put into a bucket on its way to the server.

import type { Clock } from '../../core/clock.ts';
import type { DeployOptions } from '../../importers/call.ts';
import type { Session } from '../session.ts';
import type { Status } from '../wire.ts';
import { bucketId } from './address.ts';
import { CosClient } from './client.ts';

/** `region`: where the function is to be, and so the bucket; one elsewhere is not found. */
export function packageUpload(session: Session, clock: Clock, region: string): NonNullable<DeployOptions['upload']> {
  return async (zip, { bucket, object }) => {
    const { appId } = await session.client.get<Status>('/status');
    using cos = new CosClient(session, clock);
    await cos.ask({
      ...{ method: 'PUT', bucket: bucketId(bucket, appId), key: object, body: zip },
      headers: { 'Content-Type': 'application/zip' },
      // The host tells the region.
      host: `cos.${region}.myqcloud.com`,
    });
  };
}
