// What real stores posted, byte by byte, while objects were put and removed in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectNotice } from '../model.ts';
import { readS3Events, type S3Events } from './s3events.ts';

const BUCKETS = new Map([['photos', { id: 'photos-1250000000', region: 'ap-guangzhou' }]]);
const AWKWARD = 'a b+c/花 100%25&=?#[x]\'"~.txt';

/** MinIO of 12 February 2026, by its webhook. */
const MINIO =
  String.raw`{"EventName":"s3:ObjectCreated:Put","Key":"photos/a b+c/花 100%25\u0026=?#[x]'\"~.txt","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T23:27:55.409Z","eventName":"s3:ObjectCreated:Put","userIdentity":{"principalId":"peers-access"},"requestParameters":{"principalId":"peers-access","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-id-2":"6f277946e54dee6a687c8674aa360248a981ae39229f39cc407b0254607094fb","x-amz-request-id":"18EA332E4C953C47","x-minio-deployment-id":"e75ed4f6-1a4b-4250-8f2a-0293f5f170fd","x-minio-origin-endpoint":"http://127.224.102.1:9000"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers-access"},"arn":"arn:aws:s3:::photos"},"object":{"key":"a+b%2Bc%2F%E8%8A%B1+100%2525%26%3D%3F%23%5Bx%5D%27%22~.txt","size":5,"eTag":"5d41402abc4b2a76b9719d911017c592","contentType":"text/plain","userMetadata":{"X-Amz-Meta-Owner":"ann","X-Amz-Meta-Zh":"%E5%AE%89","content-type":"text/plain"},"sequencer":"18EA332E4C9F7B3D"}},"source":{"host":"127.0.0.1","port":"","userAgent":"node"}}]}
{"EventName":"s3:ObjectCreated:Put","Key":"photos/100%","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T23:27:55.716Z","eventName":"s3:ObjectCreated:Put","userIdentity":{"principalId":"peers-access"},"requestParameters":{"principalId":"peers-access","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-id-2":"6f277946e54dee6a687c8674aa360248a981ae39229f39cc407b0254607094fb","x-amz-request-id":"18EA332E5EDCC641","x-minio-deployment-id":"e75ed4f6-1a4b-4250-8f2a-0293f5f170fd","x-minio-origin-endpoint":"http://127.224.102.1:9000"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers-access"},"arn":"arn:aws:s3:::photos"},"object":{"key":"100%25","eTag":"d41d8cd98f00b204e9800998ecf8427e","contentType":"binary/octet-stream","userMetadata":{"content-type":"binary/octet-stream"},"sequencer":"18EA332E5EF03CA2"}},"source":{"host":"127.0.0.1","port":"","userAgent":"node"}}]}
{"EventName":"s3:ObjectCreated:CompleteMultipartUpload","Key":"photos/big one","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T23:27:56.347Z","eventName":"s3:ObjectCreated:CompleteMultipartUpload","userIdentity":{"principalId":"peers-access"},"requestParameters":{"principalId":"peers-access","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"content-length":"311","x-amz-id-2":"6f277946e54dee6a687c8674aa360248a981ae39229f39cc407b0254607094fb","x-amz-request-id":"18EA332E84690F7C","x-minio-deployment-id":"e75ed4f6-1a4b-4250-8f2a-0293f5f170fd","x-minio-origin-endpoint":"http://127.224.102.1:9000"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers-access"},"arn":"arn:aws:s3:::photos"},"object":{"key":"big+one","size":1000,"eTag":"94f8e164b9a2fbe8c9b1972cd9498362-1","contentType":"image/png","userMetadata":{"X-Amz-Meta-Owner":"bob","content-type":"image/png"},"sequencer":"18EA332E8485375D"}},"source":{"host":"127.0.0.1","port":"","userAgent":"node"}}]}
{"EventName":"s3:ObjectRemoved:NoOP","Key":"photos/none","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T23:27:57.261Z","eventName":"s3:ObjectRemoved:NoOP","userIdentity":{"principalId":"peers-access"},"requestParameters":{"principalId":"peers-access","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-id-2":"6f277946e54dee6a687c8674aa360248a981ae39229f39cc407b0254607094fb","x-amz-request-id":"18EA332EBB17F233","x-minio-deployment-id":"e75ed4f6-1a4b-4250-8f2a-0293f5f170fd","x-minio-origin-endpoint":"http://127.224.102.1:9000"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers-access"},"arn":"arn:aws:s3:::photos"},"object":{"key":"none","sequencer":"18EA332EBB1ED9A9"}},"source":{"host":"127.0.0.1","port":"","userAgent":"node"}}]}
{"EventName":"s3:ObjectRemoved:DeleteMarkerCreated","Key":"photos/v w","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2026-11-21T23:27:58.795Z","eventName":"s3:ObjectRemoved:DeleteMarkerCreated","userIdentity":{"principalId":"peers-access"},"requestParameters":{"principalId":"peers-access","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"content-length":"0","x-amz-id-2":"6f277946e54dee6a687c8674aa360248a981ae39229f39cc407b0254607094fb","x-amz-request-id":"18EA332F1673E551","x-minio-deployment-id":"e75ed4f6-1a4b-4250-8f2a-0293f5f170fd","x-minio-origin-endpoint":"http://127.224.102.1:9000"},"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers-access"},"arn":"arn:aws:s3:::photos"},"object":{"key":"v+w","versionId":"1494d134-aa4e-488c-87d9-982d1f7a74bc","sequencer":"18EA332F167C69A0"}},"source":{"host":"127.0.0.1","port":"","userAgent":"node"}}]}`.split(
    '\n',
  );

/** Ceph 16.2.15, by a topic that is not persistent. */
const CEPH =
  String.raw`{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","eventTime":"2026-11-21T23:28:11.853852Z","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"peers"},"requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4109.12051538042367220505","x-amz-id-2":"100d-default-default"},"s3":{"s3SchemaVersion":"1.0","configurationId":"scf","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers"},"arn":"arn:aws:s3:::photos","id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4111.1"},"object":{"key":"a b+c/花 100%25&=?#[x]'\"~.txt","size":5,"eTag":"5d41402abc4b2a76b9719d911017c592","versionId":"","sequencer":"0B29026BB16E1F33","metadata":[{"key":"x-amz-meta-owner","val":"ann"},{"key":"x-amz-meta-zh","val":"%E5%AE%89"}],"tags":[]}},"eventId":"1795303691.857697.5d41402abc4b2a76b9719d911017c592","opaqueData":""}]}
{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","eventTime":"2026-11-21T23:28:12.169518Z","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"peers"},"requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4109.6823438220521379348","x-amz-id-2":"100d-default-default"},"s3":{"s3SchemaVersion":"1.0","configurationId":"scf","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers"},"arn":"arn:aws:s3:::photos","id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4111.1"},"object":{"key":"100%","size":0,"eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"","sequencer":"0C29026B52FB3E0A","metadata":[{"key":"x-amz-content-sha256","val":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},{"key":"x-amz-date","val":"20261121T232812Z"}],"tags":[]}},"eventId":"1795303692.171899.d41d8cd98f00b204e9800998ecf8427e","opaqueData":""}]}
{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","eventTime":"2026-11-21T23:28:12.939833Z","eventName":"ObjectCreated:CompleteMultipartUpload","userIdentity":{"principalId":"peers"},"requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4109.7702739835962686232","x-amz-id-2":"100d-default-default"},"s3":{"s3SchemaVersion":"1.0","configurationId":"scf","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers"},"arn":"arn:aws:s3:::photos","id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4111.1"},"object":{"key":"big one","size":1000,"eTag":"94f8e164b9a2fbe8c9b1972cd9498362-1","versionId":"","sequencer":"0C29026BD3CE0438","metadata":[{"key":"x-amz-content-sha256","val":"11171860ff0e9583087d2320ab5d6f5c143c8058ffba766b1789eaa5bfece95d"},{"key":"x-amz-date","val":"20261121T232812Z"},{"key":"x-amz-meta-owner","val":"bob"}],"tags":[]}},"eventId":"1795303692.939839.94f8e164b9a2fbe8c9b1972cd9498362-1","opaqueData":""}]}
{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","eventTime":"2026-11-21T23:28:13.596784Z","eventName":"ObjectRemoved:Delete","userIdentity":{"principalId":"peers"},"requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4109.7345851569680271329","x-amz-id-2":"100d-default-default"},"s3":{"s3SchemaVersion":"1.0","configurationId":"scf","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers"},"arn":"arn:aws:s3:::photos","id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4111.1"},"object":{"key":"a b+c/花 100%25&=?#[x]'\"~.txt","size":5,"eTag":"5d41402abc4b2a76b9719d911017c592","versionId":"","sequencer":"0D29026B60559223","metadata":[{"key":"x-amz-content-sha256","val":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},{"key":"x-amz-date","val":"20261121T232813Z"},{"key":"x-amz-meta-owner","val":"ann"},{"key":"x-amz-meta-zh","val":"%E5%AE%89"}],"tags":[]}},"eventId":"1795303693.596792.5d41402abc4b2a76b9719d911017c592","opaqueData":""}]}
{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","eventTime":"2026-11-21T23:28:15.149421Z","eventName":"ObjectRemoved:DeleteMarkerCreated","userIdentity":{"principalId":"peers"},"requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-request-id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4109.4714211388055740638","x-amz-id-2":"100d-default-default"},"s3":{"s3SchemaVersion":"1.0","configurationId":"scf","bucket":{"name":"photos","ownerIdentity":{"principalId":"peers"},"arn":"arn:aws:s3:::photos","id":"47861719-6edc-41f0-a780-bd8b860f9c2d.4111.1"},"object":{"key":"v w","size":2,"eTag":"b6d767d2f8ed5d21a44b0e5886680cb9","versionId":"","sequencer":"0F29026B341CE808","metadata":[{"key":"x-amz-content-sha256","val":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},{"key":"x-amz-date","val":"20261121T232815Z"}],"tags":[]}},"eventId":"1795303695.149429.b6d767d2f8ed5d21a44b0e5886680cb9","opaqueData":""}]}`.split(
    '\n',
  );

const read = (text: string): S3Events => readS3Events(JSON.parse(text), BUCKETS);

type Said = Pick<ObjectNotice, 'name' | 'key' | 'bytes' | 'etag' | 'versionId' | 'headers'>;

function said(texts: readonly string[]): Said[] {
  return texts.flatMap(text =>
    read(text).notices.map(({ notice: { name, key, bytes, etag, versionId, headers } }) => {
      return { name, key, bytes, etag, versionId, headers };
    }),
  );
}

const HELLO = '5d41402abc4b2a76b9719d911017c592';
const EMPTY = 'd41d8cd98f00b204e9800998ecf8427e';
const IN_PARTS = '94f8e164b9a2fbe8c9b1972cd9498362-1';
const MARKED = 'ObjectRemove:DeleteMarkerCreated';
const owned = { 'x-cos-meta-owner': 'ann', 'x-cos-meta-zh': '%E5%AE%89' };
const created = (key: string, bytes: number, etag: string, headers = {}): Said => ({
  ...{ name: 'ObjectCreated:Put', key, bytes, etag, versionId: '', headers },
});
const removed = (name: Said['name'], key: string, versionId = ''): Said => ({
  ...{ name, key, bytes: 0, etag: '', versionId, headers: {} },
});
const inParts = (headers: Readonly<Record<string, string>>): Said => ({
  ...created('big one', 1000, IN_PARTS, { ...headers, 'x-cos-meta-owner': 'bob' }),
  name: 'ObjectCreated:CompleteMultipartUpload',
});

test('MinIO: no size stands for 0, and what removed nothing is none', () => {
  assert.deepEqual(said(MINIO), [
    created(AWKWARD, 5, HELLO, { 'content-type': 'text/plain', ...owned }),
    created('100%', 0, EMPTY, { 'content-type': 'binary/octet-stream' }),
    inParts({ 'content-type': 'image/png' }),
    removed(MARKED, 'v w', '1494d134-aa4e-488c-87d9-982d1f7a74bc'),
  ]);
  assert.deepEqual(
    MINIO.map(text => read(text).ignored),
    [0, 0, 0, 1, 0],
  );
});

test('Ceph: sizes are numbers, and what is told of the removed object is left out as here', () => {
  assert.deepEqual(said(CEPH), [
    created(AWKWARD, 5, HELLO, owned),
    created('100%', 0, EMPTY),
    inParts({}),
    removed('ObjectRemove:Delete', AWKWARD),
    removed(MARKED, 'v w'),
  ]);
});

test('each of them is another event', () => {
  const ids = [...MINIO, ...CEPH].flatMap(text => read(text).notices.map(({ id }) => id));
  assert.equal(new Set(ids).size, MINIO.length - 1 + CEPH.length);
});
