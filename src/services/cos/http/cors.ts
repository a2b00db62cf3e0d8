// Cross-origin requests: the configuration's XML, and what it allows.

import { fail } from '../errors.ts';
import type { Cors, CorsRule } from '../model.ts';
import type { AnswerHeaders } from './answer.ts';
import { childrenOf, expectOnly, numberOf, wordOf, type XmlElement } from './readxml.ts';
import { element, type Written } from './xml.ts';

const MAX_RULES = 100;
const MAX_AGE_S = 999_999_999;
/** The vendor's deployment toolkit writes NaN where its user says nothing. */
const NO_AGE = [undefined, '', 'NaN'];
const METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

export function readCors(configuration: XmlElement): Cors {
  expectOnly(configuration, 'CORSRule', 'ResponseVary');
  const rules = childrenOf(configuration, 'CORSRule').map(readRule);
  if (rules.length === 0 || rules.length > MAX_RULES) fail('MalformedXML');
  return { rules, responseVary: wordOf(configuration, 'ResponseVary') === 'true' };
}

function readRule(rule: XmlElement): CorsRule {
  expectOnly(rule, 'ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader', 'MaxAgeSeconds');
  const words = (name: string) =>
    childrenOf(rule, name)
      .map(child => child.text.trim())
      .filter(text => text !== '');
  const origins = words('AllowedOrigin');
  const methods = words('AllowedMethod');
  const headers = words('AllowedHeader');
  if (origins.length === 0 || methods.length === 0) fail('MalformedXML');
  for (const method of methods) if (!METHODS.includes(method)) refuse(`${method} is none of ${METHODS.join(', ')}`);
  for (const text of [...origins, ...headers]) if (text.split('*').length > 2) refuse(`${text} has more than one *`);
  return {
    id: wordOf(rule, 'ID') ?? '',
    origins,
    methods,
    headers,
    exposed: words('ExposeHeader'),
    maxAgeS: NO_AGE.includes(wordOf(rule, 'MaxAgeSeconds')) ? undefined : numberOf(rule, 'MaxAgeSeconds', 0, MAX_AGE_S),
  };
}

const refuse = (reason: string): never => fail('InvalidArgument', { name: 'CORSRule', reason });

export function writeCors({ rules, responseVary }: Cors): (Written | undefined)[] {
  const many = (name: string, texts: readonly string[]) => texts.map(text => element(name, text));
  return [
    ...rules.map(rule =>
      element('CORSRule', [
        rule.id === '' ? undefined : element('ID', rule.id),
        ...many('AllowedOrigin', rule.origins),
        ...many('AllowedMethod', rule.methods),
        ...many('AllowedHeader', rule.headers),
        ...many('ExposeHeader', rule.exposed),
        element('MaxAgeSeconds', rule.maxAgeS),
      ]),
    ),
    responseVary ? element('ResponseVary', true) : undefined,
  ];
}

export interface CorsAsk {
  readonly origin: string;
  readonly method: string;
  /** That the client is going to send; lower case. */
  readonly headers: readonly string[];
}

/** The first rule that allows all of it. */
export function ruleFor(cors: Cors | undefined, { origin, method, headers }: CorsAsk): CorsRule | undefined {
  return cors?.rules.find(
    rule =>
      rule.origins.some(pattern => fits(pattern, origin)) &&
      rule.methods.includes(method) &&
      headers.every(header => rule.headers.some(pattern => fits(pattern.toLowerCase(), header))),
  );
}

/** One star at most, for any characters. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= pattern.length - 1 && text.startsWith(before) && text.endsWith(after);
}

/** All that the rule names, as the vendor's tests have it; with a star it names none. */
const allowedOf = (rule: CorsRule, asked: readonly string[]): readonly string[] =>
  rule.headers.some(pattern => pattern.includes('*')) ? asked : rule.headers;

export function allowHeaders(rule: CorsRule, { origin, headers }: CorsAsk): AnswerHeaders {
  const anyone = rule.origins.includes('*');
  return {
    'Access-Control-Allow-Origin': anyone ? '*' : origin,
    'Access-Control-Allow-Methods': rule.methods.join(','),
    'Access-Control-Allow-Headers': headers.length > 0 ? allowedOf(rule, headers).join(',') : undefined,
    'Access-Control-Expose-Headers': rule.exposed.length > 0 ? rule.exposed.join(',') : undefined,
    'Access-Control-Max-Age': rule.maxAgeS === undefined ? undefined : String(rule.maxAgeS),
    Vary: anyone ? undefined : 'Origin',
  };
}

/** What an answer to a request with an origin carries beside its own headers. */
export function corsHeaders(cors: Cors | undefined, origin: string | undefined, method: string): AnswerHeaders {
  const vary = cors?.responseVary ? { Vary: 'Origin' } : {};
  if (!cors || origin === undefined) return vary;
  const ask = { origin, method, headers: [] };
  const rule = ruleFor(cors, ask);
  return rule ? { ...allowHeaders(rule, ask), ...vary } : vary;
}
