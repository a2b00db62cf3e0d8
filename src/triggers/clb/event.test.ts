import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HEALTH_DEFAULTS, type Rule } from '../../services/clb/model.ts';
import type { ClbRequest } from '../../services/clb/target.ts';
import { buildClbEvent, CLB_DEFAULTS, type ClbSettings, clbSample } from './event.ts';

const golden = readFileSync(new URL('golden/event.json', import.meta.url), 'utf8');

const RULE: Rule = {
  id: 'loc-12345678',
  region: 'ap-guangzhou',
  loadBalancerId: 'lb-12345678',
  listenerId: 'lbl-12345678',
  domain: 'test.clb-scf.com',
  domains: ['test.clb-scf.com'],
  url: '/',
  defaultServer: true,
  certificate: undefined,
  http2: false,
  gzip: true,
  scheduler: 'WRR',
  sessionExpireS: 0,
  cookieName: '',
  health: HEALTH_DEFAULTS,
  target: { kind: 'none' },
  createdAt: 0,
};

function aRequest(change: Partial<ClbRequest> = {}): ClbRequest {
  return {
    requestId: 'r-1',
    rule: RULE,
    method: 'POST',
    path: '/scf_location',
    query: '',
    headers: ['Host', 'test.clb-scf.com'],
    contentType: 'application/json',
    body: undefined,
    scheme: 'http',
    httpVersion: '1.1',
    clientAddress: '9.43.175.219',
    clientPort: 44347,
    vip: '127.80.0.1',
    vport: 80,
    ...change,
  };
}

const BARE: ClbSettings = { base64Flag: 'string', extendedEvent: false };
const eventOf = (change: Partial<ClbRequest> = {}, settings = BARE) =>
  JSON.parse(buildClbEvent(aRequest(change), settings).toString()) as Record<string, unknown>;
const typed = (contentType: string | undefined, body: string | Buffer, settings = BARE) =>
  eventOf({ contentType, body: Buffer.from(body) }, settings);

describe("the manual's example", () => {
  it('comes out to the letter', () => {
    const sample = JSON.parse(golden) as { headers: Record<string, string>; payload: unknown };
    const built = buildClbEvent(
      aRequest({
        headers: Object.entries(sample.headers).flat(),
        body: Buffer.from(JSON.stringify(sample.payload)),
      }),
      BARE,
    );
    assert.equal(built.toString(), JSON.stringify(sample));
  });

  it('is the sample', () => {
    assert.deepEqual(clbSample(), JSON.parse(golden));
  });
});

describe('the payload', () => {
  it('is the value of JSON, as it was written', () => {
    const text = ' {"big":12345678901234567890,"a":1,"a":2,"__proto__":{}} ';
    const built = buildClbEvent(aRequest({ body: Buffer.from(text) }), BARE).toString();
    assert.ok(built.includes(`"payload":${text.trim()},"isBase64Encoded":"false"`), built);
  });

  it('is text where JSON is none, and for types of text', () => {
    assert.deepEqual(
      [typed('application/json', '{"a":').payload, typed('application/json', '{"a":').isBase64Encoded],
      ['{"a":', 'false'],
    );
    for (const type of ['text/plain', 'text/html; charset=utf-8', 'Application/JavaScript', 'application/xml']) {
      assert.deepEqual([typed(type, '<é>').payload, typed(type, '<é>').isBase64Encoded], ['<é>', 'false'], type);
    }
  });

  it('is Base64 for everything else', () => {
    const types = ['multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'image/png', undefined];
    for (const type of [...types, 'application/json5', 'application/xml+rss', '']) {
      const bytes = Buffer.from([0, 255, 10]);
      assert.deepEqual(
        [typed(type, bytes).payload, typed(type, bytes).isBase64Encoded],
        [bytes.toString('base64'), 'true'],
        String(type),
      );
    }
  });

  it('is empty without a body, whatever the type', () => {
    for (const body of [undefined, Buffer.alloc(0)]) {
      const { payload, isBase64Encoded } = eventOf({ contentType: 'image/png', body });
      assert.deepEqual([payload, isBase64Encoded], ['', 'false']);
    }
  });

  it('has a boolean beside it where that is wanted', () => {
    const settings: ClbSettings = { ...BARE, base64Flag: 'boolean' };
    assert.equal(typed('image/png', 'x', settings).isBase64Encoded, true);
    assert.equal(typed('text/plain', 'x', settings).isBase64Encoded, false);
  });
});

describe('headers', () => {
  it('keep their letters; one that comes again has its values joined', () => {
    const headers = ['X-a', '1', 'Cookie', 'a=b', 'x-A', '2', 'cookie', 'c=d', 'Host', 'h'];
    assert.deepEqual(eventOf({ headers }).headers, { 'X-a': '1, 2', Cookie: 'a=b; c=d', Host: 'h' });
  });

  it('are UTF-8, which node gives as Latin-1', () => {
    const headers = ['X-Name', Buffer.from('张 "三"\t').toString('latin1')];
    assert.deepEqual(eventOf({ headers }).headers, { 'X-Name': '张 "三"\t' });
  });
});

describe('members that only the text of the documents promises', () => {
  it('stand behind the documented ones, unless switched off', () => {
    const request = { query: 'a=1&a=2&b', body: Buffer.from('{"k":1}'), path: '/é%20' };
    const { headers: _, ...rest } = eventOf(request, CLB_DEFAULTS);
    assert.deepEqual(rest, {
      payload: { k: 1 },
      isBase64Encoded: 'false',
      httpMethod: 'POST',
      path: '/é%20',
      queryString: { a: ['1', '2'], b: true },
      body: '{"k":1}',
    });
    assert.deepEqual(Object.keys(eventOf(request)), ['headers', 'payload', 'isBase64Encoded']);
  });

  it('give bytes as the payload has them', () => {
    const { payload, body } = typed('image/png', 'x', CLB_DEFAULTS);
    assert.deepEqual([payload, body], ['eA==', 'eA==']);
    assert.equal(eventOf({}, CLB_DEFAULTS).body, '');
  });
});

it('is JSON whatever comes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom('application/json', 'text/plain', 'image/png', undefined),
      fc.array(fc.tuple(fc.stringMatching(/^[a-zA-Z!#$%&'*+.^_`|~-]{1,9}$/), fc.string({ unit: 'binary' }))),
      fc.webQueryParameters(),
      (bytes, contentType, headers, query) => {
        // What node gives for the bytes of a header line.
        const raw = headers.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
        const event = eventOf({ body: Buffer.from(bytes), contentType, headers: raw, query }, CLB_DEFAULTS);
        assert.equal(Object.keys(event.headers as object).length, new Set(headers.map(([n]) => n.toLowerCase())).size);
      },
    ),
  );
});
