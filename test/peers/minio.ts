// MinIO in a folder of its own, with one webhook.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, ownAddress, programAt, seen, startDaemon } from './daemon.ts';
import type { S3Client, S3Store } from './s3.ts';

export const minioMissing = (): string | false =>
  programAt('minio') === undefined && 'minio is not on the PATH (its makers publish no programs: build it from source)';

export interface Webhook {
  readonly endpoint: string;
  readonly token: string;
}

export async function startMinio({ endpoint, token }: Webhook): Promise<S3Store & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'openscf-minio-'));
  const keys = { accessKey: 'peers-access', secretKey: 'peers-secret-key' };
  const address = `${ownAddress()}:9000`;
  const daemon = startDaemon('minio', ['server', '--address', address, join(folder, 'data')], {
    HOME: folder,
    MINIO_ROOT_USER: keys.accessKey,
    MINIO_ROOT_PASSWORD: keys.secretKey,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    MINIO_NOTIFY_WEBHOOK_ENABLE_scf: 'on',
    MINIO_NOTIFY_WEBHOOK_ENDPOINT_scf: endpoint,
    MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_scf: token,
    MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_scf: join(folder, 'events'),
  });
  const end = async () => {
    await daemon.end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await seen('MinIO is ready', () => answers(`http://${address}/minio/health/ready`), daemon);
    return { url: `http://${address}`, ...keys, region: 'us-east-1', [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What happens in the bucket is told to the webhook. */
export async function notifyMinio(s3: S3Client, bucket: string): Promise<void> {
  await s3('PUT', `/${bucket}`, {
    query: { notification: '' },
    body: `<NotificationConfiguration><QueueConfiguration><Id>scf</Id><Queue>arn:minio:sqs::scf:webhook</Queue>
      <Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event>
    </QueueConfiguration></NotificationConfiguration>`,
  });
}
