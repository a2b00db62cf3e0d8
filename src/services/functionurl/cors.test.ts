import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corsHeaders, isCorsName, isPreflight, preflightHeaders } from './cors.ts';
import type { Cors } from './model.ts';

const NONE: Cors = { origins: [], headers: [], methods: [], exposed: [], maxAgeS: undefined, credentials: false };
const SITE = 'https://a.example';

/** As an object, each name once. */
function shown(list: readonly string[]): Record<string, string> {
  const names = list.filter((_, i) => i % 2 === 0);
  assert.equal(new Set(names).size, names.length);
  return Object.fromEntries(names.map((name, i) => [name, list[i * 2 + 1] ?? '']));
}

test('a preflight is a question of a browser, not any OPTIONS', () => {
  const asked = { origin: SITE, 'access-control-request-method': 'PUT' };
  assert.ok(isPreflight('OPTIONS', asked));
  assert.ok(!isPreflight('GET', asked));
  assert.ok(!isPreflight('OPTIONS', { origin: SITE }));
  assert.ok(!isPreflight('OPTIONS', { 'access-control-request-method': 'PUT' }));
});

test('the documents’ sample is answered as it says', () => {
  const cors: Cors = {
    origins: ['*'],
    headers: ['content-type'],
    methods: ['POST', 'PATCH'],
    exposed: ['*'],
    maxAgeS: 10,
    credentials: true,
  };
  const asked = { origin: SITE, 'access-control-request-method': 'POST' };
  // Browsers refuse `*` together with credentials: the origin is said.
  assert.deepEqual(shown(preflightHeaders(cors, asked)), {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': SITE,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Methods': 'POST,PATCH',
    'Access-Control-Allow-Headers': 'content-type',
    'Access-Control-Max-Age': '10',
  });
  assert.deepEqual(shown(corsHeaders(cors, SITE)), {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': SITE,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': '*',
  });
});

test('any origin without credentials is told by a star', () => {
  const cors = { ...NONE, origins: ['*'], exposed: ['x-a', 'x-b'] };
  assert.deepEqual(corsHeaders(cors, undefined), ['Access-Control-Allow-Origin', '*']);
  assert.deepEqual(shown(corsHeaders(cors, SITE)), {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'x-a,x-b',
  });
});

test('an origin is one of those that are listed, or gets nothing', () => {
  const cors = { ...NONE, origins: [SITE, 'null'], methods: ['GET'], exposed: ['x-a'], maxAgeS: 0 };
  const asked = (origin: string) => ({ origin, 'access-control-request-method': 'GET' });
  assert.deepEqual(shown(preflightHeaders(cors, asked(SITE))), {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': SITE,
    'Access-Control-Allow-Methods': 'GET',
    'Access-Control-Max-Age': '0',
  });
  for (const origin of ['https://b.example', `${SITE}.evil`, 'https://A.example']) {
    assert.deepEqual(preflightHeaders(cors, asked(origin)), ['Vary', 'Origin']);
    assert.deepEqual(corsHeaders(cors, origin), ['Vary', 'Origin']);
  }
});

test('stars with credentials name what was asked for', () => {
  const cors = { ...NONE, origins: [SITE], methods: ['*'], headers: ['*'], credentials: true };
  const asked = {
    origin: SITE,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-one,x-two',
  };
  const told = shown(preflightHeaders(cors, asked));
  assert.equal(told['Access-Control-Allow-Methods'], 'PUT');
  assert.equal(told['Access-Control-Allow-Headers'], 'x-one,x-two');
  assert.equal(shown(preflightHeaders({ ...cors, credentials: false }, asked))['Access-Control-Allow-Methods'], '*');
});

test('names of these answers are the front’s', () => {
  assert.ok(isCorsName('access-control-allow-origin'));
  assert.ok(!isCorsName('vary'));
});
