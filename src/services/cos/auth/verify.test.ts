import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../../core/errors.ts';
import { presign, type SignedPairs, signHeader, signPairs } from '../../../http/qsign.ts';
import { shownError } from '../errors.ts';
import type { Secret } from './secrets.ts';
import { type SignedRequest, verify } from './verify.ts';

const KEY = { secretId: 'AKIDEXAMPLE', secretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
const NOW_S = 1_700_000_000;
const SPAN = `${NOW_S - 10};${NOW_S + 900}` as const;
const BUCKET = 'photos-1250000000';
const HOST = `${BUCKET}.localhost:9701`;

const secrets = { secretOf: (id: string): Secret | undefined => (id === KEY.secretId ? KEY : undefined) };

interface Given {
  readonly method?: string;
  readonly path?: string;
  readonly query?: SignedPairs;
  readonly headers?: SignedPairs;
  readonly host?: string;
  readonly inPath?: boolean;
  readonly bucket?: string | undefined;
}

function request({ host = HOST, ...given }: Given = {}): SignedRequest {
  return {
    ...{ method: 'GET', path: '/a b/腾.txt', query: [], bucket: BUCKET, inPath: false, region: 'ap-guangzhou' },
    ...given,
    headers: [['Host', host], ...(given.headers ?? [])],
  };
}

/** Signs one request and sends, maybe, another one. */
function check(signed: SignedRequest, sent: SignedRequest = signed, nowS = NOW_S) {
  const Authorization = signHeader(signed, KEY, SPAN);
  return verify({ ...sent, headers: [...sent.headers, ['Authorization', Authorization]] }, secrets, nowS * 1000);
}

/** For assert.throws. */
const shown = (code: string, message?: string) => (error: unknown) => {
  const found = shownError(error);
  assert.equal(found?.code, code);
  if (message) assert.equal(found?.message, message);
  return true;
};
const mismatch = shown('SignatureDoesNotMatch');

describe('where a signature stands', () => {
  test('nowhere', () => {
    assert.equal(verify(request(), secrets, NOW_S * 1000), undefined);
    assert.equal(verify(request({ headers: [['Authorization', '']] }), secrets, NOW_S * 1000), undefined);
  });

  test('in the header', () => {
    const found = check(request({ query: [['versionId', 'x']] }));
    assert.equal(found?.secretId, KEY.secretId);
    assert.equal(found?.secret, KEY);
    assert.match(found?.authorization ?? '', /^q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&/);
    assert.equal(found?.mayCopy, false);
  });

  test('in the query, as seven pairs in any order or as one', () => {
    const plain = request({ query: [['response-content-type', 'text/plain']] });
    const pairs = signPairs(plain, KEY, SPAN);
    const now = NOW_S * 1000;
    for (const added of [pairs, pairs.toReversed(), [['sign', signHeader(plain, KEY, SPAN)]] as const]) {
      assert.ok(verify({ ...plain, query: [...plain.query, ...added] }, secrets, now));
      assert.throws(
        () => verify({ ...plain, query: [['response-content-type', 'x'], ...added] }, secrets, now),
        mismatch,
      );
    }
  });

  test('what it lacks is named', () => {
    const whole = signHeader(request(), KEY, SPAN);
    const told = (text: string) => () => verify(request({ headers: [['Authorization', text]] }), secrets, NOW_S * 1000);
    for (const name of ['q-sign-algorithm', 'q-ak', 'q-sign-time', 'q-key-time', 'q-signature']) {
      for (const text of [whole.replace(new RegExp(`&?${name}=[^&]*`), ''), whole.replace(`${name}=`, `${name}=;`)]) {
        if (name === 'q-ak' && text.includes('q-ak=;')) continue;
        assert.throws(
          told(text),
          error => shown('InvalidArgument')(error) && (error as CloudError).params.reason === name,
        );
      }
    }
    assert.throws(told('Basic YTpi'), shown('InvalidArgument'));
    // Lists may be left out: nothing is signed but method and path.
    const bare = signHeader({ ...request(), headers: [] }, KEY, SPAN).replace(/&q-(header|url-param)-list=/g, '');
    assert.ok(told(bare)());
  });
});

describe('what clients sign', () => {
  test('the host without its port, or the cloud’s own', () => {
    for (const host of [
      `${BUCKET}.localhost`,
      `${BUCKET}.cos.ap-guangzhou.myqcloud.com`,
      `${BUCKET}.cos.ap-guangzhou.tencentcos.cn`,
    ])
      assert.ok(check(request({ host }), request()), host);
    for (const host of ['other-1250000000.cos.ap-guangzhou.myqcloud.com', `${BUCKET}.cos.ap-tokyo.myqcloud.com`, ''])
      assert.throws(() => check(request({ host }), request()), mismatch, host);
    const service = { bucket: undefined, path: '/' };
    const canonical = request({ ...service, host: 'service.cos.myqcloud.com' });
    assert.ok(check(canonical, request({ ...service, host: '127.0.0.1:9701' })));
    assert.throws(() => check(canonical, request({ path: '/' })), mismatch);
  });

  test('a content-length of 0 that the server never sees', () => {
    const signed = request({ method: 'DELETE', headers: [['Content-Length', '0']] });
    assert.ok(check(signed, request({ method: 'DELETE' })));
    assert.ok(check(signed));
    assert.ok(check(request({ headers: [['Content-Length', '']] }), request()));
    assert.throws(() => check(signed, request({ method: 'DELETE', headers: [['Content-Length', '1']] })), mismatch);
  });

  test('headers that are empty, kept or dropped on the way', () => {
    const signed = request({ headers: [['Cache-Control', '']] });
    assert.ok(check(signed));
    assert.ok(check(signed, request()));
    assert.throws(() => check(signed, request({ headers: [['cache-control', 'no-cache']] })), mismatch);
  });

  test('one header several times', () => {
    const twice = [
      ['x-cos-meta-a', '2'],
      ['X-Cos-Meta-A', '1'],
    ] as const;
    assert.ok(check(request({ headers: twice })));
    assert.ok(check(request({ headers: [['x-cos-meta-a', '2, 1']] }), request({ headers: twice })));
    assert.throws(() => check(request({ headers: twice }), request({ headers: twice.slice(1) })), mismatch);
  });

  test('text where bytes arrive', () => {
    const bytes = Buffer.from('腾讯').toString('latin1');
    const signed = request({ headers: [['x-cos-meta-n', '腾讯']] });
    assert.ok(check(signed, request({ headers: [['x-cos-meta-n', bytes]] })));
    assert.ok(check(request({ headers: [['x-cos-meta-n', bytes]] })));
  });

  test('names that are encoded, lowered first or last, sorted before or after', () => {
    const query = [
      ['a b', '1'],
      ['a-b', '2'],
      ['Z/z', '3'],
    ] as const;
    const now = NOW_S * 1000;
    const list = (names: string) => request({ query, headers: [['Authorization', names]] });
    const written = signHeader(request({ query }), KEY, SPAN);
    assert.match(written, /q-url-param-list=a%20b;a-b;z%2fz&/);
    assert.ok(verify(list(written), secrets, now));
    assert.ok(verify(list(written.replace(/%20b;a-b;z%2f/, ' B;a-b;Z%2F')), secrets, now));
  });

  test('names that hold what parts the list', () => {
    const strange: SignedPairs = [
      ['a;b', '1'],
      ['c', '2'],
    ];
    assert.ok(check(request({ query: strange })));
    assert.ok(check(request({ query: [['a;b', '1']] })));
    assert.throws(
      () =>
        check(
          request({ query: strange }),
          request({
            query: [
              ['a;b', '2'],
              ['c', '2'],
            ],
          }),
        ),
      mismatch,
    );
  });

  test('two times: both have to hold, either may be signed', () => {
    const plain = request();
    const other = `${NOW_S - 5};${NOW_S + 5}`;
    const whole = signHeader(plain, KEY, SPAN);
    const sent = whole.replace(`q-sign-time=${SPAN}`, `q-sign-time=${other}`);
    const at = (nowS: number) =>
      verify({ ...plain, headers: [...plain.headers, ['authorization', sent]] }, secrets, nowS * 1000);
    assert.ok(at(NOW_S));
    assert.throws(() => at(NOW_S + 6), shown('AccessDenied', 'Request has expired'));
  });

  test('a path with its bucket or without, where that names one bucket alone', () => {
    const inPath = { inPath: true, path: `/${BUCKET}/a/b`, host: '127.0.0.1:9701' };
    assert.ok(check(request(inPath)));
    const canonical = { path: '/a/b', host: `${BUCKET}.cos.ap-guangzhou.myqcloud.com` };
    assert.ok(check(request(canonical), request(inPath)));
    const hostless = { ...request({ path: '/a/b' }), headers: [] };
    assert.ok(check(hostless, request(inPath)));
    // Signed so, it would open the same key of every bucket.
    assert.throws(() => check(request({ path: '/a/b', host: '127.0.0.1:9701' }), request(inPath)), mismatch);
    assert.throws(() => check(request({ path: `/${BUCKET}/a/b` }), request({ path: '/a/b' })), mismatch);
    const root = { ...inPath, path: `/${BUCKET}` };
    assert.ok(check({ ...request({ path: '/' }), headers: [] }, request(root)));
  });
});

describe('what is refused', () => {
  test('before its time and after it', () => {
    const at = (nowS: number) => () => check(request(), request(), nowS);
    const [start, end] = [NOW_S - 10, NOW_S + 900];
    for (const nowS of [start - 30, start, end]) assert.ok(at(nowS)());
    for (const nowS of [start - 31, start - 900, end + 1, end + 86_400])
      assert.throws(at(nowS), shown('AccessDenied', 'Request has expired'));
    assert.throws(at(start - 901), shown('RequestTimeTooSkewed'));
  });

  test('lists of more names than anybody signs', () => {
    const headers = Array.from({ length: 200 }, (_, at) => [`x-cos-meta-${at}`, ''] as const);
    assert.ok(check({ ...request(), headers: headers.slice(0, 200) }, request()));
    assert.throws(() => check({ ...request(), headers: [...headers, ['a', '']] }, request()), shown('InvalidArgument'));
  });

  test('keys that there are not', () => {
    const plain = request();
    const written = signHeader(plain, { ...KEY, secretId: 'AKIDNONE' }, SPAN);
    const sent = { ...plain, headers: [...plain.headers, ['Authorization', written] as const] };
    assert.throws(() => verify(sent, secrets, NOW_S * 1000), shown('InvalidAccessKeyId'));
  });

  test('temporary keys without their token, with another one, after their end', () => {
    const temporary = { secretOf: () => ({ ...KEY, token: 'tok', expiresAt: (NOW_S + 60) * 1000 }) };
    const plain = request();
    const Authorization = signHeader(plain, KEY, SPAN);
    const send = (more: Given, nowS = NOW_S) =>
      verify(
        request({ ...more, headers: [['Authorization', Authorization], ...(more.headers ?? [])] }),
        temporary,
        nowS * 1000,
      );
    for (const name of ['x-cos-security-token', 'X-Cos-Security-Token', 'x-ci-security-token']) {
      assert.ok(send({ headers: [[name, 'tok']] }), name);
      assert.ok(send({ query: [[name, 'tok']] }), name);
      assert.throws(() => send({ headers: [[name, 'other']] }), shown('AccessDenied', 'Access Denied.'));
    }
    assert.throws(() => send({}), shown('AccessDenied', 'Access Denied.'));
    assert.throws(() => send({ headers: [['x-cos-security-token', 'tok']] }, NOW_S + 60), shown('ExpiredToken'));
    const lasting = request({ headers: [['x-cos-security-token', 'tok']] });
    assert.throws(() => check(request(), lasting), shown('AccessDenied'));
  });
});

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter(value => value.isWellFormed());
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9 /!-]{0,8}$/).map(value => `x-${value}`);
const pairs = fc.uniqueArray(fc.tuple(name, text), { maxLength: 4, selector: ([key]) => key.toLowerCase() });
const latin = fc.uniqueArray(fc.tuple(name, fc.stringMatching(/^[ -~]{0,12}$/)), {
  maxLength: 4,
  selector: ([key]) => key.toLowerCase(),
});

describe('whatever is signed', () => {
  test('is taken, and refused when any one thing is changed', () => {
    const cases = fc.record({
      method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
      path: text.map(value => `/${value}`),
      query: pairs,
      headers: latin,
    });
    const property = fc.property(cases, fc.nat(), (given, which) => {
      const signed = request(given);
      assert.ok(check(signed));
      const change = (list: SignedPairs) =>
        list.map((pair, at) => (at === which % list.length ? ([pair[0], `${pair[1]}1`] as const) : pair));
      const changed: SignedRequest[] = [
        { ...signed, method: given.method === 'GET' ? 'PUT' : 'GET' },
        { ...signed, path: `${given.path}/` },
        { ...signed, headers: change(signed.headers) },
        ...(given.query.length > 0 ? [{ ...signed, query: change(given.query) }] : []),
      ];
      for (const sent of changed) assert.throws(() => check(signed, sent), mismatch);
    });
    fc.assert(property, { numRuns: 60 });
  });

  test('no other secret, span or signature will do', () => {
    const property = fc.property(fc.nat({ max: 39 }), fc.integer({ min: 1, max: 15 }), (at, by) => {
      const plain = request();
      const whole = signHeader(plain, KEY, SPAN);
      const from = whole.indexOf('q-signature=') + 12 + at;
      const digit = ((Number.parseInt(whole[from] ?? '', 16) + by) % 16).toString(16);
      for (const sent of [
        whole.slice(0, from) + digit + whole.slice(from + 1),
        whole.replaceAll(SPAN, `${NOW_S - 10};${NOW_S + 900 + by}`),
        signHeader(plain, { ...KEY, secretKey: `${KEY.secretKey}${by}` }, SPAN),
      ])
        assert.throws(
          () => verify({ ...plain, headers: [...plain.headers, ['Authorization', sent]] }, secrets, NOW_S * 1000),
          mismatch,
        );
    });
    fc.assert(property, { numRuns: 40 });
  });

  test('a header is never more than an error of the table', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 200 }), garbage => {
      const whole = signHeader(request(), KEY, SPAN);
      for (const sent of [garbage, whole + garbage, whole.slice(0, garbage.length) + garbage]) {
        try {
          verify(request({ headers: [['Authorization', sent]] }), secrets, NOW_S * 1000);
        } catch (error) {
          assert.ok(error instanceof CloudError && shownError(error) !== undefined, String(error));
        }
      }
    });
    fc.assert(property, { numRuns: 100 });
  });
});

test('a presigned URL is taken as it is', () => {
  const url = presign(
    { method: 'GET', origin: `http://${HOST}`, path: '/a b/腾.txt', query: [['response-content-type', 'text/html']] },
    KEY,
    SPAN,
  );
  const query = [...new URL(url).searchParams];
  assert.ok(verify(request({ query }), secrets, NOW_S * 1000));
  assert.throws(() => verify(request({ query, path: '/b' }), secrets, NOW_S * 1000), mismatch);
});
