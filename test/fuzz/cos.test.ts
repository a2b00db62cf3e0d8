// Broken requests to the object store by those who may: documents, headers and signatures that went wrong on their way. Each
// is answered in the way that the documents say, nothing is taken that cannot be given back, and nothing grows.
// OPENSCF_FUZZ sets how many, OPENSCF_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { XMLValidator } from 'fast-xml-parser';
import { formSignature, signHeader, signKey } from '../../src/http/qsign.ts';
import { COS_ERRORS } from '../../src/services/cos/errors.ts';
import { hostOf } from '../cos.ts';
import { startTestServer } from '../harness.ts';
import { DOCUMENTS, spoiled } from './cos-documents.ts';
import { type Draw, drawFrom, mutated } from './mutate.ts';

const REQUESTS = Math.ceil(Number(process.env.OPENSCF_FUZZ ?? 4_000) / 50);
const SEED = Number(process.env.OPENSCF_FUZZ_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
/** Real time, by which everything is answered. */
const PATIENCE_MS = 120_000;
/** Above what it has when all of it is warm. */
const GROWTH_BYTES = 300 * 2 ** 20;
const MAIN = 'fuzz-1250000000';

const server = await startTestServer();
after(() => server.close());
const { ports } = await server.get<{ readonly ports: { readonly portCos: number } }>('/status');

interface Asked {
  readonly method: string;
  readonly target: string;
  readonly bucket?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of the signature, as it would be sent. */
  readonly sign?: (authorization: string) => string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** undefined: Node.js itself does not send it. */
async function ask({
  method,
  target,
  bucket = MAIN,
  headers = {},
  body = '',
  sign = a => a,
}: Asked): Promise<Answer | undefined> {
  const host = hostOf(bucket);
  const [path = '', query = ''] = target.split('?', 2);
  const now = Math.floor(Date.now() / 1000);
  const pairs = [...new URLSearchParams(query)];
  const source = Object.entries(headers).filter(([name]) => name === 'x-cos-copy-source');
  const signed = [['host', host], ...source] as const;
  const request = { method, path: decodeURIComponent(path), query: pairs, headers: signed } as const;
  const Authorization = sign(signHeader(request, server.credentials, `${now - 60};${now + 600}`));
  const all = { 'Content-Length': Buffer.byteLength(body), ...headers, Host: host, Authorization };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { host: '127.0.0.1', port: ports.portCos, path: target, method, headers: all, agent: false as const };
  let sent: ReturnType<typeof httpRequest>;
  try {
    sent = httpRequest({ ...options, timeout: PATIENCE_MS }, resolve);
  } catch {
    return undefined;
  }
  sent.on('timeout', () =>
    sent.destroy(new Error(`no answer to ${JSON.stringify({ method, target, headers, body })}`)),
  );
  sent.on('error', reject).end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, headers: response.headers, text: (await buffer(response)).toString() };
}

const CHINESE = /[\u3400-\u9fff]/;
const CODES = new Set<string>(Object.keys(COS_ERRORS));

/** As documented: a success, or an error that says everything. */
function check(answer: Answer, asked: Asked): void {
  const { status, headers, text } = answer;
  const what = `${JSON.stringify(asked)} was answered ${status} ${text}`;
  assert.ok(status < 500 || status === 501, what);
  assert.ok(headers['x-cos-request-id'], what);
  if (text !== '' && headers['content-type'] === 'application/xml' && text.startsWith('<'))
    assert.equal(XMLValidator.validate(text), true, what);
  if (status < 400 || asked.method === 'HEAD') return;
  for (const name of ['Code', 'Message', 'Resource', 'RequestId', 'TraceId'])
    assert.match(text, new RegExp(`<${name}>[^<]+</${name}>`), what);
  const [, code = ''] = /<Code>(.*)<\/Code>/.exec(text) ?? [];
  assert.ok(CODES.has(code), what);
  const message = /<Message>.*<\/Message>/.exec(text)?.[0] ?? '';
  assert.ok(!CHINESE.test(message) || CHINESE.test(asked.body?.toString() ?? ''), `${what}, which is not English`);
  assert.equal(headers['x-cos-request-id'], /<RequestId>(.*)<\/RequestId>/.exec(text)?.[1]);
}

async function done(asked: Asked): Promise<Answer> {
  const answer = await ask(asked);
  assert.ok(answer && answer.status < 300, `${JSON.stringify(asked)}: ${answer?.status} ${answer?.text}`);
  return answer;
}

const bucketOf = (n: number) => `fuzz${n}-1250000000`;
before(async () => {
  const buckets = [MAIN, 'copies-1250000000', 'logs-1250000000', ...DOCUMENTS.map((_, n) => bucketOf(n))];
  const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  for (const bucket of buckets) {
    await done({ method: 'PUT', target: '/', bucket });
    // Without it there is no replication, with it no appending.
    if (bucket !== MAIN) await done({ method: 'PUT', target: '/?versioning', bucket, body: versioning });
    await done({ method: 'PUT', target: '/object', bucket, body: 'content of the object' });
    const headers = { 'x-cos-storage-class': 'ARCHIVE' };
    await done({ method: 'PUT', target: '/archived', bucket, headers, body: 'old' });
  }
});

/** As many at once, until there are none. */
async function many(count: number, one: (draw: Draw, number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      await one(drawFrom(SEED * 7919 + number), number);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function counted(answers: Map<string, number>, key: string): void {
  answers.set(key, (answers.get(key) ?? 0) + 1);
}

const words = (answers: Map<string, number>) =>
  [...answers]
    .sort()
    .map(([key, n]) => `${key}: ${n}`)
    .join(', ');

test(`${REQUESTS} documents, seed ${SEED}: taken and given back, or refused`, async t => {
  const answers = new Map<string, number>();
  // Each kind in a bucket of its own, and one after the other: what is taken is compared with what is there.
  await Promise.all(
    DOCUMENTS.map(async (sound, n) => {
      const bucket = bucketOf(n);
      const { method, target, kept } = sound;
      for (let i = 0; i < REQUESTS / DOCUMENTS.length; i++) {
        const draw = drawFrom(SEED * 7919 + n * 100_003 + i);
        const asked = { method, target, bucket, body: spoiled(sound.body, draw) };
        const answer = await ask(asked);
        if (!answer) continue;
        check(answer, asked);
        counted(answers, String(answer.status));
        if (!kept || answer.status >= 300) continue;
        const got = await done({ method: 'GET', target, bucket });
        check(got, asked);
        await done({ ...asked, body: got.text });
        assert.equal((await done({ method: 'GET', target, bucket })).text, got.text);
      }
      if (kept) await done({ method, target, bucket, body: sound.body });
    }),
  );
  t.diagnostic(words(answers));
  assert.ok(answers.get('200') && answers.get('400'));
});

const REQUEST_LINES: readonly (readonly [method: string, target: string, body?: string])[] = [
  ['GET', '/object'],
  ['HEAD', '/object'],
  ['GET', '/archived'],
  ['PUT', '/written', 'body'],
  ['PUT', '/copied'],
  ['PUT', '/object?acl'],
  ['PUT', '/parts?partNumber=1&uploadId=1', 'part'],
  ['POST', '/parts?uploads'],
  ['POST', '/log?append&position=0', 'line'],
  ['DELETE', '/written'],
  ['OPTIONS', '/object'],
  ['GET', '/?prefix=a&max-keys=3'],
  ['GET', '/?versions'],
  ['POST', '/?delete', '<Delete><Object><Key>none</Key></Object></Delete>'],
  [
    'POST',
    '/',
    '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nformed\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
  ],
];

const HEADERS: Readonly<Record<string, string>> = {
  Range: 'bytes=0-3',
  'If-Match': '"9a0364b9e99bb480dd25e1f0284c8555"',
  'If-None-Match': 'W/"a", "b"',
  'If-Modified-Since': 'Thu, 16 May 2019 06:45:51 GMT',
  'If-Unmodified-Since': 'Thu, 16 May 2099 06:45:51 GMT',
  'If-Range': '"a"',
  'Content-MD5': 'hBotaJrYa9FhFEdFPCLG/A==',
  'x-cos-content-sha1': 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  Expect: '100-continue',
  'x-cos-copy-source': `${hostOf(MAIN)}/object?versionId=null`,
  'x-cos-copy-source-range': 'bytes=0-3',
  'x-cos-copy-source-If-Match': '"a"',
  'x-cos-copy-source-If-Modified-Since': 'Thu, 16 May 2019 06:45:51 GMT',
  'x-cos-metadata-directive': 'Replaced',
  'x-cos-tagging-directive': 'Copy',
  'x-cos-tagging': 'a=1&b=2%20c',
  'x-cos-acl': 'public-read',
  'x-cos-grant-read': 'id="qcs::cam::uin/1:uin/1", id="100000000001"',
  'x-cos-grant-full-control': 'id="1"',
  'x-cos-storage-class': 'STANDARD_IA',
  'x-cos-server-side-encryption': 'AES256',
  'x-cos-meta-a': 'b',
  'x-cos-forbid-overwrite': 'true',
  'x-cos-traffic-limit': '838860800',
  'x-cos-security-token': 'none',
  Origin: 'https://www.example.com',
  'Access-Control-Request-Method': 'PUT',
  'Access-Control-Request-Headers': 'x-a, x-b',
  Referer: 'http://www.example.com/',
  'Content-Type': 'multipart/form-data; boundary=b',
  'Cache-Control': 'no-cache',
  'Content-Encoding': 'gzip',
  Expires: 'Thu, 16 May 2099 06:45:51 GMT',
};

test(`${REQUESTS} headers, seed ${SEED}`, async t => {
  const answers = new Map<string, number>();
  const names = Object.keys(HEADERS);
  await many(REQUESTS, async draw => {
    const [method, target, body = ''] = REQUEST_LINES[draw(REQUEST_LINES.length)] ?? ['GET', '/object'];
    const headers: Record<string, string> = {};
    for (let i = 1 + draw(3); i > 0; i--) {
      const name = names[draw(names.length)] ?? 'Range';
      const value = HEADERS[name] ?? '';
      // What a client of HTTP can send: control characters are for the other test of broken requests.
      headers[name] =
        draw(3) === 0
          ? value
          : mutated(value, draw)
              .replace(/[^\t -~\x80-\xff]/g, '')
              .slice(0, 6000);
    }
    const asked = { method, target, body, headers };
    const answer = await ask(asked);
    if (!answer) return;
    counted(answers, String(answer.status));
    // Documented by HTTP, and answered below the store.
    if (answer.status === 417) return;
    check(answer, asked);
  });
  t.diagnostic(words(answers));
  assert.ok(answers.get('200') && answers.get('400'));
});

test(`${REQUESTS} signatures, seed ${SEED}: taken only with every part that counts`, async t => {
  const answers = new Map<string, number>();
  const parts = (text: string) =>
    new Map(
      text
        .trim()
        .split('&')
        .map(pair => pair.split('=', 2) as [string, string]),
    );
  await many(REQUESTS, async draw => {
    const pair: string[] = [];
    const sign = (text: string): string => {
      const changed = mutated(text, draw).replace(/[^\t -~\x80-\xff]/g, '');
      pair.push(text, changed);
      return changed;
    };
    const asked = { method: 'GET', target: '/object?response-content-type=a', sign };
    const answer = await ask(asked);
    if (!answer) return;
    const [text = '', changed = ''] = pair;
    check(answer, { ...asked, headers: { Authorization: changed } });
    counted(answers, String(answer.status));
    if (answer.status >= 300) return;
    const [was, is] = [parts(text), parts(changed)];
    // Of the two times the one of the key is enough: both have to hold, and the key is made of it.
    for (const name of ['q-ak', 'q-key-time', 'q-signature'])
      assert.equal(is.get(name)?.toLowerCase(), was.get(name)?.toLowerCase(), changed);
  });
  t.diagnostic(words(answers));
  assert.ok(answers.get('403'));
});

/** With a policy that is signed, as pages send it. */
function soundForm(): string {
  const now = Math.floor(Date.now() / 1000);
  const time = `${now - 60};${now + 600}`;
  const { secretId, secretKey } = server.credentials;
  const conditions = [
    ...[{ 'q-sign-algorithm': 'sha1' }, { 'q-ak': secretId }, { 'q-sign-time': time }],
    ...[{ bucket: MAIN }, ['starts-with', '$key', 'form'], ['content-length-range', 1, 100]],
  ];
  const policy = JSON.stringify({ expiration: new Date((now + 600) * 1000).toISOString(), conditions });
  const fields = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the documents write it
    key: 'formed/${filename}',
    policy: Buffer.from(policy).toString('base64'),
    ...{ 'q-sign-algorithm': 'sha1', 'q-ak': secretId, 'q-key-time': time },
    'q-signature': formSignature(signKey(secretKey, time), policy),
    ...{ success_action_redirect: 'http://www.example.com/a?b=c#d', 'x-cos-meta-a': 'b', 'Content-Type': 'text/plain' },
  };
  const parts = Object.entries(fields).map(
    ([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  const file =
    'Content-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/html\r\n\r\ncontent';
  return `--b\r\n${[...parts, file].join('\r\n--b\r\n')}\r\n--b--\r\n`;
}

test(`${REQUESTS} forms, seed ${SEED}`, async t => {
  const answers = new Map<string, number>();
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
  await many(REQUESTS, async draw => {
    const body = Buffer.from(draw(8) === 0 ? soundForm() : mutated(soundForm(), draw), 'latin1');
    const asked = { method: 'POST', target: '/', headers, body, sign: () => '' };
    const answer = await ask(asked);
    if (!answer) return;
    check(answer, { ...asked, body: body.toString('latin1') });
    counted(answers, String(answer.status));
  });
  t.diagnostic(words(answers));
  assert.ok(answers.get('303') && answers.get('403'));
});

test('bombs are refused at once, and nothing grows by them', async () => {
  const lol = `<!DOCTYPE Delete [<!ENTITY a "${'x'.repeat(100)}">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i} "${'&a;'.repeat(10)}">`).join('')}]><Delete><Object><Key>&a8;</Key></Object></Delete>`;
  const nested = `<Delete>${'<Object>'.repeat(20_000)}${'</Object>'.repeat(20_000)}</Delete>`;
  const wide = `<Delete>${'<Object/>'.repeat(400_000)}</Delete>`;
  const attributes = `<Delete ${Array.from({ length: 100_000 }, (_, i) => `a${i}="b"`).join(' ')}/>`;
  const large = `<Delete>${' '.repeat(5_000_000)}</Delete>`;
  const began = process.memoryUsage().rss;
  for (let round = 0; round < 5; round++)
    await Promise.all(
      [lol, nested, wide, attributes, large].map(async body => {
        const asked = { method: 'POST', target: '/?delete', body };
        const answer = await ask(asked);
        assert.ok(answer);
        check(answer, { ...asked, body: body.slice(0, 100) });
        const code = body === large ? 'XMLSizeLimit' : 'MalformedXML';
        assert.match(answer.text, new RegExp(`<Code>${code}</Code>`));
        assert.equal(answer.status, 400);
      }),
    );
  const grown = process.memoryUsage().rss - began;
  assert.ok(grown < GROWTH_BYTES, `${Math.round(grown / 2 ** 20)} MB`);
  assert.equal((await done({ method: 'GET', target: '/object' })).status, 200);
});
