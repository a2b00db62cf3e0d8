import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Cors, CorsRule } from '../model.ts';
import { allowHeaders, corsHeaders, readCors, ruleFor, writeCors } from './cors.ts';
import { readXml } from './readxml.ts';
import { xmlDocument } from './xml.ts';

const RULE: CorsRule = {
  ...{
    id: 'r',
    origins: ['https://a.example'],
    methods: ['GET'],
    headers: ['x-cos-*'],
    exposed: ['ETag'],
    maxAgeS: 60,
  },
};
const cors = (...rules: Partial<CorsRule>[]): Cors => ({
  rules: rules.map(rule => ({ ...RULE, ...rule })),
  responseVary: false,
});
const ask = (origin: string, method = 'GET', ...headers: string[]) => ({ origin, method, headers });

describe('which rule allows a request', () => {
  for (const [pattern, origin, fits] of [
    ['https://a.example', 'https://a.example', true],
    ['https://a.example', 'https://a.example:8443', false],
    ['https://a.example', 'http://a.example', false],
    ['*', 'null', true],
    ['https://*.example', 'https://a.example', true],
    ['https://*.example', 'https://a.b.example', true],
    ['https://*.example', 'https://.example', true],
    ['https://*.example', 'https://example', false],
    ['https://*', 'http://a', false],
    ['http://a*a', 'http://a', false],
    ['http://a*a', 'http://aa', true],
    ['https://a.example', 'https://aXexample', false],
  ] as const)
    test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${origin}`, () =>
      assert.equal(ruleFor(cors({ origins: [pattern] }), ask(origin)) !== undefined, fits));

  test('is the first that allows origin, method and all headers', () => {
    const rules = cors(
      { id: '1', methods: ['PUT'] },
      { id: '2', headers: [] },
      { id: '3', headers: ['*'] },
      { id: '4' },
    );
    const found = (...args: Parameters<typeof ask>) => ruleFor(rules, ask(...args))?.id;
    assert.equal(found('https://a.example'), '2');
    assert.equal(found('https://a.example', 'PUT'), '1');
    assert.equal(found('https://a.example', 'GET', 'x-cos-acl', 'anything'), '3');
    assert.equal(found('https://a.example', 'PUT', 'x-cos-acl'), '1');
    assert.equal(found('https://a.example', 'PUT', 'authorization'), undefined);
    assert.equal(found('https://b.example'), undefined);
    assert.equal(ruleFor(undefined, ask('x')), undefined);
  });

  test('headers without regard to case', () =>
    assert.ok(ruleFor(cors({ headers: ['Content-TYPE'] }), ask('https://a.example', 'GET', 'content-type'))));
});

test('an age that clients leave out, in each of their ways', () => {
  const ageOf = (inner: string) => {
    const rule = `<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>${inner}</CORSRule>`;
    const xml = Buffer.from(`<CORSConfiguration>${rule}</CORSConfiguration>`);
    return readCors(readXml(xml, 'CORSConfiguration')).rules[0]?.maxAgeS;
  };
  for (const word of ['', '<MaxAgeSeconds/>', '<MaxAgeSeconds>NaN</MaxAgeSeconds>'])
    assert.equal(ageOf(word), undefined);
  assert.equal(ageOf('<MaxAgeSeconds>0</MaxAgeSeconds>'), 0);
  for (const word of ['-1', 'nan', '1.5', '1000000000'])
    assert.throws(() => ageOf(`<MaxAgeSeconds>${word}</MaxAgeSeconds>`), { code: 'MalformedXML' }, word);
});

describe('what is told', () => {
  test('of a rule for some', () =>
    assert.deepEqual(allowHeaders(RULE, ask('https://a.example', 'GET', 'x-cos-acl', 'x-cos-b')), {
      'Access-Control-Allow-Origin': 'https://a.example',
      'Access-Control-Allow-Methods': 'GET',
      'Access-Control-Allow-Headers': 'x-cos-acl,x-cos-b',
      'Access-Control-Expose-Headers': 'ETag',
      'Access-Control-Max-Age': '60',
      Vary: 'Origin',
    }));

  test('of a rule that names its headers: each of them, where any is asked for', () => {
    const rule = { ...RULE, headers: ['x-cos-a', 'X-Cos-B'] };
    const told = (...headers: string[]) =>
      allowHeaders(rule, ask('https://a.example', 'GET', ...headers))['Access-Control-Allow-Headers'];
    assert.equal(told('x-cos-b'), 'x-cos-a,X-Cos-B');
    assert.equal(told(), undefined);
  });

  test('of a rule for all, which says little', () => {
    const rule = { ...RULE, origins: ['https://b', '*'], exposed: [], maxAgeS: undefined };
    const told = Object.entries(allowHeaders(rule, ask('https://b'))).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(told), {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET',
    });
  });

  test('without an origin, a rule or a configuration', () => {
    assert.deepEqual(corsHeaders(undefined, 'https://a.example', 'GET'), {});
    assert.deepEqual(corsHeaders(cors({}), undefined, 'GET'), {});
    assert.deepEqual(corsHeaders(cors({}), 'https://a.example', 'DELETE'), {});
    assert.deepEqual(corsHeaders({ ...cors({}), responseVary: true }, undefined, 'GET'), { Vary: 'Origin' });
    assert.equal(corsHeaders(cors({}), 'https://a.example', 'GET')['Access-Control-Allow-Origin'], 'https://a.example');
  });
});

test('what is written is read again', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abc<&>".:/-'), minLength: 1, maxLength: 10 });
  const words = fc.array(word, { minLength: 1, maxLength: 3 });
  const rule: fc.Arbitrary<CorsRule> = fc.record(
    {
      id: word,
      origins: words,
      methods: fc.subarray(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'], { minLength: 1 }),
      headers: fc.array(word, { maxLength: 2 }),
      exposed: fc.array(word, { maxLength: 2 }),
      maxAgeS: fc.option(fc.nat(999_999_999), { nil: undefined }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.boolean(), (rules, responseVary) => {
      const given = { rules, responseVary };
      const xml = Buffer.from(xmlDocument('CORSConfiguration', writeCors(given)));
      assert.deepEqual(readCors(readXml(xml, 'CORSConfiguration')), given);
    }),
  );
});
