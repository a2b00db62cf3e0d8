// Rules of intelligent tiering by their ids: kept and given back, as there is one disk. The one that is called default is
// what the older `?intelligenttiering` is about.

import { fail } from '../errors.ts';
import { type Answer, empty, textAnswer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { CONFIG_BYTES, wholeBody } from './body.ts';
import { childOf, readXml, wordOf, type XmlElement } from './readxml.ts';
import { type Row, row } from './route.ts';
import { SHAPES } from './shapes.ts';
import { element, type Written, XML_HEAD, xmlDocument } from './xml.ts';

const ROOT = 'IntelligentTieringConfiguration';
/** As the vendor's clients read it; the documents have it without the s. */
const LIST = 'ListBucketIntelligentTieringConfigurationsOutput';
const DEFAULT = 'default';
const MAX_RULES = 1000;

const idOf = ({ query }: Ask): string =>
  query.get('id') || fail('InvalidArgument', { name: 'id', reason: 'it names the rule' });

async function putTiering(ask: Ask): Promise<Answer> {
  const id = idOf(ask);
  const rule = readXml(await wholeBody(ask, CONFIG_BYTES), ROOT);
  SHAPES['intelligent-tiering'](rule);
  if (wordOf(rule, 'Id') !== id) fail('InvalidArgument', { name: 'id', reason: 'it is the Id of the rule' });
  await ask.cos.buckets.change(ask.bucketId, ({ plain, tierings }) => {
    if (id === DEFAULT) return { plain: { ...plain, intelligenttiering: older(rule) } };
    const after = { ...tierings, [id]: xmlDocument(ROOT, rule.children.map(copyOf)) };
    if (Object.keys(after).length >= MAX_RULES) {
      fail('InvalidRequest', { reason: `a bucket has at most ${MAX_RULES} rules of intelligent tiering` });
    }
    return { tierings: after };
  });
  return empty(200);
}

const copyOf = ({ name, text, children }: XmlElement): Written | undefined =>
  element(name, children.length > 0 ? children.map(copyOf) : text);

const within = (parent: XmlElement | undefined, name: string, otherwise: string) =>
  element(name, (parent && wordOf(parent, name)) || otherwise);

/** Documented where a rule names neither. */
const limits = (of: XmlElement | undefined) => [within(of, 'Days', '30'), within(of, 'RequestFrequent', '1')];

function older(rule: XmlElement): string {
  const tiering = childOf(rule, 'Tiering');
  if (tiering && wordOf(tiering, 'AccessTier') !== 'INFREQUENT') fail('MalformedXML');
  return xmlDocument(ROOT, [element('Status', wordOf(rule, 'Status')), element('Transition', limits(tiering))]);
}

function newer(text: string): Written[] {
  const configuration = readXml(Buffer.from(text), ROOT);
  const parts = [
    element('Id', DEFAULT),
    element('Status', wordOf(configuration, 'Status')),
    element('Tiering', [element('AccessTier', 'INFREQUENT'), ...limits(childOf(configuration, 'Transition'))]),
  ];
  return parts.filter(part => part !== undefined);
}

const missing = () => fail('IntelligentTieringConfigurationNotFoundError');

function getTiering(ask: Ask): Answer {
  if (!ask.query.get('id')) return listTierings(ask);
  const id = idOf(ask);
  const { plain, tierings = {} } = bucketOf(ask);
  if (id === DEFAULT) return xmlAnswer(ROOT, newer(plain.intelligenttiering ?? missing()));
  return textAnswer((Object.hasOwn(tierings, id) ? tierings[id] : undefined) ?? missing());
}

function listTierings(ask: Ask): Answer {
  const { plain, tierings = {} } = bucketOf(ask);
  const first = plain.intelligenttiering === undefined ? [] : [element(ROOT, newer(plain.intelligenttiering))];
  const others = Object.values(tierings).map(text => ({ xml: text.slice(XML_HEAD.length) }));
  return xmlAnswer(LIST, [...first, ...others]);
}

async function deleteTiering(ask: Ask): Promise<Answer> {
  const id = idOf(ask);
  if (id === DEFAULT) fail('InvalidRequest', { reason: 'the default rule is suspended, not deleted' });
  await ask.cos.buckets.change(ask.bucketId, before => {
    const { [id]: _, ...tierings } = before.tierings ?? {};
    return { tierings };
  });
  return empty(204);
}

export const TIERING_ROWS: readonly Row[] = [
  row('bucket', 'PUT', 'intelligent-tiering', { action: 'PutBucketIntelligentTiering' }, putTiering),
  row('bucket', 'GET', 'intelligent-tiering', { action: 'GetBucketIntelligentTiering' }, getTiering),
  row('bucket', 'DELETE', 'intelligent-tiering', { action: 'DeleteBucketIntelligentTiering' }, deleteTiering),
];
