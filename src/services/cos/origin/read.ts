// OriginConfiguration as clients send it, with what the vendor's own clients call otherwise than the documents.

import { fail } from '../errors.ts';
import { childOf, childrenOf, expectOnly, flagOf, numberOf, wordOf, type XmlElement } from '../http/readxml.ts';
import type { OriginRule, SentHeaders } from './model.ts';
import { readFile, readHosts } from './readsource.ts';

const TYPES = ['Mirror', 'Proxy', 'Redirect'] as const;
const MAX_PRIORITY = 999_999_999;
const MAX_ADDED = 10;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Of a connection, or ours to say. */
export const OURS: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'te', 'trailer', 'upgrade', 'expect'],
  ...['proxy-authorization', 'proxy-connection', 'cdn-loop'],
]);

const refuse = (reason: string): never => fail('InvalidArgument', { name: 'OriginRule', reason });

/** MalformedXML, InvalidArgument, NotImplemented. */
export function readOrigin(configuration: XmlElement): readonly OriginRule[] {
  expectOnly(configuration, 'OriginRule');
  const rules = childrenOf(configuration, 'OriginRule');
  return rules.length > 0 ? rules.map(readRule) : fail('MalformedXML');
}

function readRule(rule: XmlElement): OriginRule {
  expectOnly(
    ...([rule, 'RulePriority', 'OriginType', 'OriginCondition', 'OriginParameter'] as const),
    ...['HTTPStandbyCode', 'OriginInfo'],
  );
  const typeName = wordOf(rule, 'OriginType') ?? 'Mirror';
  const type = TYPES.find(known => known === typeName) ?? fail('MalformedXML');
  const info = childOf(rule, 'OriginInfo') ?? fail('MalformedXML');
  expectOnly(info, 'HostInfo', 'FileInfo');
  return {
    type,
    // Whatever does not say is behind what does.
    priority: numberOf(rule, 'RulePriority', 0, MAX_PRIORITY) ?? MAX_PRIORITY + 1,
    ...readCondition(childOf(rule, 'OriginCondition'), type),
    ...readParameter(childOf(rule, 'OriginParameter'), type),
    hosts: readHosts(childrenOf(info, 'HostInfo'), type),
    standbyStatuses: readStandbyStatuses(childOf(rule, 'HTTPStandbyCode')),
    file: readFile(childOf(info, 'FileInfo')),
  };
}

const NOTHING: XmlElement = { name: '', text: '', children: [], attributes: {} };

function readCondition(
  condition: XmlElement = NOTHING,
  type: OriginRule['type'],
): Pick<OriginRule, 'status' | 'prefix' | 'suffix' | 'spared'> {
  expectOnly(condition, 'HTTPStatusCode', 'Prefix', 'Suffix', 'FilterHost');
  const status = numberOf(condition, 'HTTPStatusCode', 400, 599) ?? 404;
  if (type !== 'Redirect' && status !== 404) refuse(`HTTPStatusCode of a ${type} is 404`);
  return {
    status,
    prefix: childOf(condition, 'Prefix')?.text ?? '',
    suffix: childOf(condition, 'Suffix')?.text ?? '',
    spared: readSpared(childOf(condition, 'FilterHost')),
  };
}

function readSpared(filter: XmlElement = NOTHING): readonly string[] {
  expectOnly(filter, 'ForbidHost');
  const forbidden = childOf(filter, 'ForbidHost') ?? NOTHING;
  expectOnly(forbidden, 'DomainList');
  const list = childOf(forbidden, 'DomainList') ?? NOTHING;
  expectOnly(list, 'Domain');
  return childrenOf(list, 'Domain').map(({ text }) => text.trim().toLowerCase());
}

type Parameter = Pick<
  OriginRule,
  'protocol' | 'transparent' | 'followsQuery' | 'headers' | 'followsRedirects' | 'redirectStatus' | 'keeps'
>;

function readParameter(parameter: XmlElement = NOTHING, type: OriginRule['type']): Parameter {
  if (childOf(parameter, 'FollowRedirectionConfiguration')) {
    fail('NotImplemented', { name: 'FollowRedirectionConfiguration' });
  }
  expectOnly(
    ...([parameter, 'Protocol', 'TransparentErrorCode', 'FollowQueryString', 'HttpHeader'] as const),
    ...['FollowRedirection', 'HttpRedirectCode', 'CopyOriginData'],
  );
  const word = (wordOf(parameter, 'Protocol') || 'follow').toLowerCase();
  return {
    protocol: word === 'http' || word === 'https' || word === 'follow' ? word : fail('MalformedXML'),
    transparent: flagOf(parameter, 'TransparentErrorCode', false),
    followsQuery: flagOf(parameter, 'FollowQueryString', true),
    headers: readHeaders(childOf(parameter, 'HttpHeader')),
    followsRedirects: flagOf(parameter, 'FollowRedirection', true),
    redirectStatus: readRedirectStatus(childrenOf(parameter, 'HttpRedirectCode'), type),
    keeps: flagOf(parameter, 'CopyOriginData', true),
  };
}

/** The vendor's own examples have one, and several, also where nothing is redirected. */
function readRedirectStatus(given: readonly XmlElement[], type: OriginRule['type']): number {
  const codes = given.map(({ text }) => text.trim()).filter(text => text !== '');
  if (codes.some(code => !/^30[127]$/.test(code))) refuse('HttpRedirectCode is 301, 302 or 307');
  if (codes.length > 1 && type !== 'Mirror') refuse(`a ${type} has one HttpRedirectCode`);
  return Number(codes[0] ?? 302);
}

function readHeaders(header: XmlElement = NOTHING): SentHeaders {
  expectOnly(
    ...([header, 'FollowAllHeaders', 'NewHttpHeaders', 'FollowHttpHeaders', 'ForbidFollowHeaders'] as const),
    // As the documents of former years, and some clients, have it.
    ...['NewHttpHeader', 'ForbidFollowHttpHeaders'],
  );
  const list = (...names: readonly string[]) =>
    names.flatMap(name => {
      const found = childOf(header, name) ?? NOTHING;
      expectOnly(found, 'Header');
      return childrenOf(found, 'Header').map(readPair);
    });
  // Documented: one without a value is not added.
  const added = list('NewHttpHeaders', 'NewHttpHeader').filter(([name, value]) => name !== '' && value !== '');
  const named = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name]) => name.toLowerCase()).filter(name => name !== '');
  const followed = named(list('FollowHttpHeaders'));
  if (added.length > MAX_ADDED) refuse(`at most ${MAX_ADDED} headers are added`);
  for (const name of [...named(added), ...followed]) {
    if (!TOKEN.test(name) || OURS.has(name)) refuse(`${name} is no header that can be sent to a source`);
  }
  for (const [name, value] of added)
    if (!/^[\t -~\u0080-\uffff]*$/.test(value)) refuse(`${name} has control characters`);
  const forbidden = named(list('ForbidFollowHeaders', 'ForbidFollowHttpHeaders'));
  return { all: flagOf(header, 'FollowAllHeaders', false), added, followed, forbidden };
}

function readPair(pair: XmlElement): readonly [name: string, value: string] {
  expectOnly(pair, 'Key', 'Value');
  return [wordOf(pair, 'Key') ?? '', wordOf(pair, 'Value') ?? ''];
}

function readStandbyStatuses(codes: XmlElement = NOTHING): readonly number[] {
  expectOnly(codes, 'StatusCode');
  return childrenOf(codes, 'StatusCode').map(({ text }) =>
    /^[45]\d\d$/.test(text.trim()) ? Number(text) : refuse('StatusCode of HTTPStandbyCode is 400 to 599'),
  );
}
