// Object stores of other makers, as they are: what is done in them calls functions here.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deploy, sdkOf } from '../fixture.ts';
import { startTestServer, type TestServer } from '../harness.ts';
import { cephMissing, notifyCeph, startCeph } from './ceph.ts';
import { ownAddress, seen } from './daemon.ts';
import { minioMissing, notifyMinio, startMinio, type Webhook } from './minio.ts';
import { pathOf, type S3Client, type S3Store, s3Of, valueIn } from './s3.ts';

const TOKEN = 'token-for-the-other-store';
const PRINTS = 'exports.main_handler = async event => { console.log("EVENT " + JSON.stringify(event)); }';

const AT_ONCE = 'removed with others at once';
const AWAY = 'put while there is no server here, told once there is';

interface Peer {
  readonly missing: string | false;
  start(webhook: Webhook): Promise<S3Store & AsyncDisposable>;
  /** Ceph tells no type. */
  readonly types: boolean;
  /** It tells of markers by their versions when they are made. */
  readonly markers: boolean;
  /** What it calls that a marker is removed. */
  readonly unmarked: string;
  /** It tells that a key was removed that there was none of. */
  readonly nothing: boolean;
  /** Steps that it does not stand, and why. */
  readonly without: Readonly<Record<string, string>>;
  notify(s3: S3Client, bucket: string, webhook: Webhook): Promise<void>;
}

const PEERS: Readonly<Record<string, Peer>> = {
  MinIO: {
    ...{ missing: minioMissing(), start: startMinio, notify: notifyMinio },
    ...{ types: true, markers: true, unmarked: 'ObjectRemove:DeleteMarkerCreated', nothing: false, without: {} },
  },
  Ceph: {
    ...{ missing: cephMissing(), start: startCeph },
    ...{ types: false, markers: false, unmarked: 'ObjectRemove:Delete', nothing: true },
    without: {
      [AT_ONCE]: 'Ceph 16.2.15 ends when it is to tell of objects that one request removes',
      [AWAY]: 'Ceph 16.2.15 may never try again once it was refused',
    },
    notify: (s3, bucket, { endpoint, token }) =>
      notifyCeph(s3, bucket, { name: bucket, pushEndpoint: `${endpoint}?token=${token}`, persistent: true }),
  },
};

/** What a function is told of one event. */
interface Told {
  readonly event: string;
  readonly key: string;
  readonly size: number;
  readonly vid: string;
  readonly type: string;
  readonly owner?: string;
}

const ROOT = '/photos';
const TEXT = { 'content-type': 'text/plain', 'x-amz-meta-owner': 'ann' };
const AWKWARD = 'a b+c/花 100%25&=?#[x]\'"~é.txt';

/** What is done under a folder of its own, and what is to be told of it. */
type Step = (s3: S3Client, folder: string, peer: Peer) => Promise<readonly Told[]>;

const put = async (s3: S3Client, key: string, body: string) =>
  (await s3('PUT', `${ROOT}/${key}`, { body, headers: TEXT })).headers.get('x-amz-version-id') ?? '';
const remove = async (s3: S3Client, key: string, query = {}) =>
  (await s3('DELETE', `${ROOT}/${key}`, { query })).headers.get('x-amz-version-id') ?? '';
const made = (key: string, size: number, { types }: Peer, more: Partial<Told> = {}): Told => ({
  ...{ event: 'ObjectCreated:Put', key, size, vid: '', type: types ? 'text/plain' : '', owner: 'ann' },
  ...more,
});
const gone = (key: string, more: Partial<Told> = {}): Told => ({
  ...{ event: 'ObjectRemove:Delete', key, size: 0, vid: '', type: '' },
  ...more,
});

const STEPS: Readonly<Record<string, Step>> = {
  async 'put, with a key that wants escaping'(s3, folder, peer) {
    const key = `${folder}/${AWKWARD}`;
    await put(s3, key, 'hello');
    return [made(key, 5, peer)];
  },

  async 'nothing put under a key that ends in a percent sign'(s3, folder, peer) {
    const key = `${folder}/100%`;
    await put(s3, key, '');
    return [made(key, 0, peer)];
  },

  async copied(s3, folder, peer) {
    const [from, to] = [`${folder}/from ${AWKWARD}`, `${folder}/to ${AWKWARD}`];
    await put(s3, from, 'hello');
    await s3('PUT', `${ROOT}/${to}`, { headers: { 'x-amz-copy-source': pathOf(`${ROOT}/${from}`) } });
    return [made(from, 5, peer), made(to, 5, peer, { event: 'ObjectCreated:Copy' })];
  },

  async 'put in parts, told once'(s3, folder, peer) {
    const key = `${folder}/in parts`;
    const path = `${ROOT}/${key}`;
    const begun = await s3('POST', path, { query: { uploads: '' }, headers: TEXT });
    const uploadId = valueIn(begun.text, 'UploadId');
    const part = await s3('PUT', path, { query: { uploadId, partNumber: '1' }, body: 'x'.repeat(1000) });
    const row = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part>`;
    const body = `<CompleteMultipartUpload>${row}</CompleteMultipartUpload>`;
    await s3('POST', path, { query: { uploadId }, body });
    return [made(key, 1000, peer, { event: 'ObjectCreated:CompleteMultipartUpload' })];
  },

  async 'tagged, of which no event is'(s3, folder, peer) {
    const key = `${folder}/tagged`;
    await put(s3, key, 'a');
    const body = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
    await s3('PUT', `${ROOT}/${key}`, { query: { tagging: '' }, body });
    return [made(key, 1, peer)];
  },

  async removed(s3, folder, peer) {
    const key = `${folder}/${AWKWARD}`;
    await put(s3, key, 'hello');
    await remove(s3, key);
    return [made(key, 5, peer), gone(key)];
  },

  async 'removed though there was nothing'(s3, folder, { nothing }) {
    const key = `${folder}/nothing`;
    await remove(s3, key);
    return nothing ? [gone(key)] : [];
  },

  async [AT_ONCE](s3, folder, peer) {
    const keys = [`${folder}/one`, `${folder}/two 花`];
    for (const key of keys) await put(s3, key, 'a');
    const body = `<Delete>${keys.map(key => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`;
    await s3('POST', ROOT, { query: { delete: '' }, body });
    return keys.flatMap(key => [made(key, 1, peer), gone(key)]);
  },

  /** The last one: the bucket has versions from here on. */
  async 'put, removed and removed for good as versions'(s3, folder, peer) {
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await s3('PUT', ROOT, { query: { versioning: '' }, body });
    const key = `${folder}/of versions`;
    const [first, second] = [await put(s3, key, '1'), await put(s3, key, '22')];
    const marker = await remove(s3, key);
    await remove(s3, key, { versionId: first });
    await remove(s3, key, { versionId: marker });
    return [
      made(key, 1, peer, { vid: first }),
      made(key, 2, peer, { vid: second }),
      gone(key, { event: 'ObjectRemove:DeleteMarkerCreated', vid: peer.markers ? marker : '' }),
      gone(key, { vid: first }),
      gone(key, { event: peer.unmarked, vid: marker }),
    ];
  },
};

interface CosRecord {
  readonly cos: {
    readonly cosObject: Readonly<Record<'key' | 'url' | 'vid', string>> & {
      readonly size: number;
      readonly meta: Readonly<Record<string, string>>;
    };
  };
  readonly event: { readonly eventName: string };
}

function toldBy({ cos, event }: CosRecord): Told {
  const { key, url, size, vid, meta } = cos.cosObject;
  const [, own = ''] = /^\/1250000000\/mirror\/(.*)$/.exec(key) ?? [];
  assert.equal(decodeURIComponent(url), `http://mirror-1250000000.cos.ap-guangzhou.myqcloud.com/${own}`);
  const owner = meta['x-cos-meta-owner'];
  return {
    ...{ event: event.eventName.replace(/^cos:/, ''), key: own, size, vid, type: meta['Content-Type'] ?? '' },
    ...(owner !== undefined && { owner }),
  };
}

const inOrder = (all: readonly Told[]) => all.map(one => JSON.stringify(one, Object.keys(one).toSorted())).toSorted();

for (const [name, peer] of Object.entries(PEERS))
  describe(`a function is told what is done in ${name}: an object is`, { skip: peer.missing }, () => {
    const wanted = new Map<string, readonly Told[]>();
    let server: TestServer;
    let store: (S3Store & AsyncDisposable) | undefined;
    after(async () => {
      await store?.[Symbol.asyncDispose]();
      await server?.close();
    });

    const told = async (folder: string): Promise<Told[]> => {
      const sdk = sdkOf(server);
      const { Data = [] } = await sdk.GetFunctionLogs({ FunctionName: 'told', Order: 'asc', Limit: 100 });
      const records = Data.flatMap(({ Log = '' }) => {
        const [, text] = /\tEVENT (.*)$/m.exec(Log) ?? [];
        return text === undefined ? [] : (JSON.parse(text) as { Records: CosRecord[] }).Records;
      });
      return records.map(toldBy).filter(({ key }) => key.startsWith(`${folder}/`));
    };

    before(async () => {
      // The server comes back at the same place.
      const settings = { host: ownAddress(), portApi: 9700, 's3.token': TOKEN };
      server = await startTestServer({ ...settings, 's3.buckets': 'photos=mirror-1250000000' });
      const sdk = sdkOf(server);
      await deploy(sdk, 'told', PRINTS);
      for (const event of ['cos:ObjectCreated:*', 'cos:ObjectRemove:*'])
        await sdk.CreateTrigger({
          ...{ FunctionName: 'told', TriggerName: 'mirror-1250000000.cos.ap-guangzhou.myqcloud.com', Type: 'cos' },
          ...{ Enable: 'OPEN', TriggerDesc: JSON.stringify({ event, filter: {} }) },
        });
      const webhook = { endpoint: `${server.endpoint}/_openscf/v1/s3-events`, token: TOKEN };
      store = await peer.start(webhook);
      const s3 = s3Of(store);
      await s3('PUT', ROOT);
      await peer.notify(s3, 'photos', webhook);
      for (const [index, [step, run]] of Object.entries(STEPS).entries())
        if (!Object.hasOwn(peer.without, step)) wanted.set(step, await run(s3, String(index), peer));
    });

    for (const [index, step] of Object.keys(STEPS).entries())
      test(step, { skip: peer.without[step] ?? false }, async () => {
        const all = wanted.get(step) ?? [];
        const found = await seen(`${all.length} events: ${step}`, async () => {
          const now = await told(String(index));
          return now.length >= all.length && now;
        });
        assert.deepEqual(inOrder(found), inOrder(all));
      });

    test(AWAY, { skip: peer.without[AWAY] ?? false }, async () => {
      const s3 = s3Of(store ?? assert.fail('it has not started'));
      const counts = await server.get<{ unmapped: object }>('/s3-events');
      assert.deepEqual(counts.unmapped, {});
      server = await server.restart(async () => void (await put(s3, 'down/it', 'a')));
      const last = await put(s3, 'up/it', 'a');
      for (const folder of ['down', 'up']) await seen(folder, async () => (await told(folder)).length > 0);
      assert.deepEqual(
        (await told('up')).map(({ vid }) => vid),
        [last],
      );
      assert.equal((await told('down')).length, 1);
      for (const [index, step] of Object.keys(STEPS).entries())
        assert.equal((await told(String(index))).length, wanted.get(step)?.length ?? 0, step);
    });
  });
