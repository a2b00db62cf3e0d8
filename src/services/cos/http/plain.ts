// Configurations of a bucket that are kept as they came: well formed, with the right root, and given back so.

import { hasBody } from '../../../http/body.ts';
import { type CosErrorCode, fail } from '../errors.ts';
import type { Bucket, PlainConfig } from '../model.ts';
import { readOrigin } from '../origin/read.ts';
import { checkReplication } from '../replication/check.ts';
import { type ReplicationRule, readReplication } from '../replication/rules.ts';
import { type Answer, empty, textAnswer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { CONFIG_BYTES, wholeBody } from './body.ts';
import { asGivenBack } from './givenback.ts';
import { readXml, wordOf, type XmlElement } from './readxml.ts';
import { demandBeside } from './rights.ts';
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
  /** An empty body takes it away: the vendor's Python client knows no other way. */
  readonly emptied?: true;
}

const KINDS: Readonly<Record<PlainConfig, Kind>> = {
  website: kind('BucketWebsite', 'WebsiteConfiguration', 'NoSuchWebsiteConfiguration'),
  domain: kind('BucketDomain', 'DomainConfiguration', 'NoSuchConfiguration'),
  origin: kind('BucketOrigin', 'OriginConfiguration', 'OriginConfigurationNotFoundError'),
  logging: { ...kind('BucketLogging', 'BucketLoggingStatus', undefined), removable: false },
  replication: kind('BucketReplication', 'ReplicationConfiguration', 'ReplicationConfigurationNotFoundError'),
  encryption: kind('BucketEncryption', 'ServerSideEncryptionConfiguration', 'NoSuchEncryptionConfiguration'),
  accelerate: { ...kind('BucketAccelerate', 'AccelerateConfiguration', undefined), removable: false },
  referer: { ...kind('BucketReferer', 'RefererConfiguration', undefined), removable: false, emptied: true },
  intelligenttiering: {
    ...kind('BucketIntelligentTiering', 'IntelligentTieringConfiguration', undefined),
    removable: false,
  },
  'object-lock': {
    ...kind('BucketObjectLockConfiguration', 'ObjectLockConfiguration', 'NoSuchObjectLockConfiguration'),
    removable: false,
  },
};

/** Of those that are acted upon: whether it can be done. */
const CHECKS: Readonly<Record<PlainConfig, (configuration: XmlElement, ask: Ask, bucket: Bucket) => void>> = {
  ...SHAPES,
  origin: configuration => readOrigin(configuration),
  replication: (configuration, ask, bucket) => {
    const rules = readReplication(configuration);
    checkReplication(rules, bucket, ask.cos.buckets);
    for (const rule of rules) demandCopies(ask, rule);
  },
};

/** Whoever may not write there must not have it written. */
function demandCopies(ask: Ask, { to, prefix, markers }: ReplicationRule): void {
  const target = { bucket: ask.cos.buckets.need(to), key: prefix, below: true, versionId: undefined } as const;
  for (const action of ['PutObject', ...(markers ? ['DeleteObject'] : [])]) demandBeside(ask, { action }, target);
}

function kind(name: string, root: string, missing: CosErrorCode | undefined): Kind {
  return { name, root, missing, removable: true };
}

function rowsOf(sub: PlainConfig, { name, root, missing, removable, emptied }: Kind): Row[] {
  const put = async (ask: Ask): Promise<Answer> => {
    if (emptied && !hasBody(ask.request)) {
      await remove(ask);
      return empty(200);
    }
    const body = await wholeBody(ask, CONFIG_BYTES);
    const configuration = readXml(body, root);
    await ask.cos.buckets.change(ask.bucketId, bucket => {
      CHECKS[sub](configuration, ask, bucket);
      return { plain: { ...bucket.plain, [sub]: asGivenBack(sub, body.toString()) } };
    });
    return empty(200);
  };
  const get = (ask: Ask): Answer => {
    const text = bucketOf(ask).plain[sub];
    if (text !== undefined) return textAnswer(text);
    return missing === undefined ? xmlAnswer(root, []) : fail(missing);
  };
  const remove = async (ask: Ask): Promise<Answer> => {
    await ask.cos.buckets.change(ask.bucketId, ({ plain: { [sub]: _, ...plain } }) => ({ plain }));
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
  await ask.cos.buckets.change(ask.bucketId, before => {
    const inventories = { ...before.inventories, [id]: asGivenBack('inventory', body.toString()) };
    if (Object.keys(inventories).length > MAX_INVENTORIES) {
      fail('InvalidRequest', { reason: `a bucket has at most ${MAX_INVENTORIES} inventories` });
    }
    return { inventories };
  });
  return empty(200);
}

function getInventory(ask: Ask): Answer {
  const { inventories } = bucketOf(ask);
  if (!ask.query.get('id')) return listInventories(Object.values(inventories));
  const id = idOf(ask);
  const text = Object.hasOwn(inventories, id) ? inventories[id] : undefined;
  return textAnswer(text ?? fail('InventoryConfigurationNotFoundError'));
}

/** What may stand before a root. */
const PROLOG = /^(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->)*/s;

function listInventories(texts: readonly string[]): Answer {
  const configurations = texts.map(text => text.replace(PROLOG, '').trimEnd());
  return textAnswer(
    `${XML_HEAD}<ListInventoryConfigurationResult>${configurations.join('')}<IsTruncated>false</IsTruncated></ListInventoryConfigurationResult>`,
  );
}

/** Also one that there is not: the vendor's tests clear the way so. */
async function deleteInventory(ask: Ask): Promise<Answer> {
  const id = idOf(ask);
  await ask.cos.buckets.change(ask.bucketId, before => {
    const { [id]: _, ...inventories } = before.inventories;
    return { inventories };
  });
  return empty(204);
}

/** One that is made at once. */
const postInventory = (): Answer => fail('NotImplemented', { name: 'POST ?inventory' });

export const INVENTORY_ROWS: readonly Row[] = [
  row('bucket', 'PUT', 'inventory', { action: 'PutBucketInventory' }, putInventory),
  row('bucket', 'POST', 'inventory', { action: 'PostBucketInventory' }, postInventory),
  row('bucket', 'GET', 'inventory', { action: 'GetBucketInventory' }, getInventory),
  row('bucket', 'DELETE', 'inventory', { action: 'DeleteBucketInventory' }, deleteInventory),
];
