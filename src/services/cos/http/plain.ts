// Configurations of a bucket that are kept as they came: well formed, with the right root, and given back so.

import { type CosErrorCode, fail } from '../errors.ts';
import type { PlainConfig } from '../model.ts';
import { type Answer, empty, textAnswer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { CONFIG_BYTES, wholeBody } from './body.ts';
import { readXml, wordOf } from './readxml.ts';
import { type Row, row } from './route.ts';
import { SHAPES } from './shapes.ts';
import { XML_HEAD } from './xml.ts';

interface Kind {
  /** As the documents call it: Put…, Get…, Delete…. */
  readonly name: string;
  /** Of the document. */
  readonly root: string;
  /** Without it; undefined: an empty document. */
  readonly missing: CosErrorCode | undefined;
  readonly removable: boolean;
}

const KINDS: Readonly<Record<PlainConfig, Kind>> = {
  website: kind('BucketWebsite', 'WebsiteConfiguration', 'NoSuchWebsiteConfiguration'),
  domain: kind('BucketDomain', 'DomainConfiguration', 'NoSuchConfiguration'),
  origin: kind('BucketOrigin', 'OriginConfiguration', 'OriginConfigurationNotFoundError'),
  logging: { ...kind('BucketLogging', 'BucketLoggingStatus', undefined), removable: false },
  replication: kind('BucketReplication', 'ReplicationConfiguration', 'ReplicationConfigurationnotFoundError'),
  encryption: kind('BucketEncryption', 'ServerSideEncryptionConfiguration', 'NoSuchEncryptionConfiguration'),
  accelerate: { ...kind('BucketAccelerate', 'AccelerateConfiguration', undefined), removable: false },
  referer: { ...kind('BucketReferer', 'RefererConfiguration', 'NoSuchRefererConfiguration'), removable: false },
  intelligenttiering: {
    ...kind('BucketIntelligentTiering', 'IntelligentTieringConfiguration', undefined),
    removable: false,
  },
  'object-lock': {
    ...kind('BucketObjectLockConfiguration', 'ObjectLockConfiguration', 'NoSuchObjectLockConfiguration'),
    removable: false,
  },
};

function kind(name: string, root: string, missing: CosErrorCode | undefined): Kind {
  return { name, root, missing, removable: true };
}

function rowsOf(sub: PlainConfig, { name, root, missing, removable }: Kind): Row[] {
  const put = async (ask: Ask): Promise<Answer> => {
    const body = await wholeBody(ask, CONFIG_BYTES);
    SHAPES[sub](readXml(body, root));
    const { plain } = bucketOf(ask);
    await ask.cos.buckets.change(ask.bucketId, { plain: { ...plain, [sub]: body.toString() } });
    return empty(200);
  };
  const get = (ask: Ask): Answer => {
    const text = bucketOf(ask).plain[sub];
    if (text !== undefined) return textAnswer(text);
    return missing === undefined ? xmlAnswer(root, []) : fail(missing);
  };
  const remove = async (ask: Ask): Promise<Answer> => {
    const { [sub]: _, ...plain } = bucketOf(ask).plain;
    await ask.cos.buckets.change(ask.bucketId, { plain });
    return empty(204);
  };
  return [
    row('bucket', 'PUT', sub, { action: `Put${name}` }, put),
    row('bucket', 'GET', sub, { action: `Get${name}` }, get),
    ...(removable ? [row('bucket', 'DELETE', sub, { action: `Delete${name}` }, remove)] : []),
  ];
}

export const PLAIN_ROWS: readonly Row[] = Object.entries(KINDS).flatMap(([sub, one]) =>
  rowsOf(sub as PlainConfig, one),
);

const INVENTORY = 'InventoryConfiguration';
const MAX_INVENTORIES = 1000;

const idOf = ({ query }: Ask): string =>
  query.get('id') || fail('InvalidArgument', { name: 'id', reason: 'it names the inventory' });

async function putInventory(ask: Ask): Promise<Answer> {
  const id = idOf(ask);
  const body = await wholeBody(ask, CONFIG_BYTES);
  const configuration = readXml(body, INVENTORY);
  SHAPES.inventory(configuration);
  if (wordOf(configuration, 'Id') !== id) {
    fail('InvalidArgument', { name: 'id', reason: 'it is the Id of the configuration' });
  }
  const inventories = { ...bucketOf(ask).inventories, [id]: body.toString() };
  if (Object.keys(inventories).length > MAX_INVENTORIES) {
    fail('InvalidRequest', { reason: `a bucket has at most ${MAX_INVENTORIES} inventories` });
  }
  await ask.cos.buckets.change(ask.bucketId, { inventories });
  return empty(200);
}

function getInventory(ask: Ask): Answer {
  const { inventories } = bucketOf(ask);
  if (!ask.query.get('id')) return listInventories(Object.values(inventories));
  const id = idOf(ask);
  const text = Object.hasOwn(inventories, id) ? inventories[id] : undefined;
  return textAnswer(text ?? fail('InventoryConfigurationNotFoundError'));
}

/** Each without what stands before its root. */
function listInventories(texts: readonly string[]): Answer {
  const configurations = texts.map(text => text.slice(text.search(/<[^?!]/)).trimEnd());
  return textAnswer(
    `${XML_HEAD}<ListInventoryConfigurationResult>${configurations.join('')}<IsTruncated>false</IsTruncated></ListInventoryConfigurationResult>`,
  );
}

async function deleteInventory(ask: Ask): Promise<Answer> {
  const id = idOf(ask);
  const { [id]: _, ...inventories } = bucketOf(ask).inventories;
  if (!Object.hasOwn(bucketOf(ask).inventories, id)) fail('InventoryConfigurationNotFoundError');
  await ask.cos.buckets.change(ask.bucketId, { inventories });
  return empty(204);
}

export const INVENTORY_ROWS: readonly Row[] = [
  row('bucket', 'PUT', 'inventory', { action: 'PutBucketInventory' }, putInventory),
  row('bucket', 'GET', 'inventory', { action: 'GetBucketInventory' }, getInventory),
  row('bucket', 'DELETE', 'inventory', { action: 'DeleteBucketInventory' }, deleteInventory),
];
