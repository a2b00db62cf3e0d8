import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRow, failer } from '../../core/errors.ts';
import { startApi, TOKEN } from '../fixture.ts';
import { s3EventRoutes } from './s3events.ts';

const S3_TOKEN = 'token-of-the-other-store';
const BODY = '{"Records":[]}';
const failHere = failer({ Malformed: errorRow.caller('格式错误', 'malformed') });

async function opened(
  t: { after(work: () => unknown): void },
  { token }: { readonly token: string | undefined } = { token: S3_TOKEN },
) {
  const taken: unknown[] = [];
  const inbox = {
    async take(body: unknown) {
      if (body === undefined) failHere('Malformed');
      taken.push(body);
      return { accepted: 1 };
    },
    counts: () => ({ accepted: taken.length }),
  };
  const api = await startApi({ routes: s3EventRoutes({ token, inbox }) });
  t.after(() => api.front.close());
  async function ask(method: string, query: string, headers: Record<string, string> = {}, body?: string) {
    const init = { method, headers: { 'X-TC-Language': 'en-US', ...headers }, ...(body !== undefined && { body }) };
    const response = await fetch(`${api.url}/_openscf/v1/s3-events${query}`, init);
    const text = await response.text();
    return { status: response.status, text };
  }
  return { taken, ask };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

test('what is posted with the token is taken, whichever way it comes', async t => {
  const { taken, ask } = await opened(t);
  assert.deepEqual(await ask('POST', `?token=${S3_TOKEN}`, {}, BODY), { status: 200, text: '{"accepted":1}' });
  assert.equal((await ask('POST', '', bearer(S3_TOKEN), BODY)).status, 200);
  assert.equal((await ask('POST', '', { Authorization: S3_TOKEN }, BODY)).status, 200);
  const basic = { Authorization: 'Basic YTpi' };
  assert.equal((await ask('POST', `?token=${S3_TOKEN}`, basic, BODY)).status, 200, 'a proxy may add its own');
  assert.deepEqual(taken, Array(4).fill({ Records: [] }));
});

test('nothing else stands for the token', async t => {
  const { taken, ask } = await opened(t);
  for (const [query, headers] of [
    ['', {}],
    ['?token=', {}],
    ['?token=wrong', {}],
    [`?Token=${S3_TOKEN}`, {}],
    ['?token=wrong', bearer(S3_TOKEN)],
    ['', bearer('wrong')],
    ['', { Authorization: '' }],
    ['', { Authorization: `Basic ${S3_TOKEN}` }],
    [`?token=${TOKEN}`, {}],
    ['', bearer(TOKEN)],
  ] as const) {
    const { status, text } = await ask('POST', query, headers, BODY);
    assert.deepEqual([status, /s3\.token/.test(text)], [403, true], query);
  }
  assert.deepEqual(taken, []);
});

test('the token opens nothing but this', async t => {
  const { ask } = await opened(t);
  assert.equal((await ask('GET', `?token=${S3_TOKEN}`)).status, 400);
  assert.equal((await ask('GET', '', bearer(S3_TOKEN))).status, 403);
  assert.equal((await ask('PUT', '', bearer(S3_TOKEN), BODY)).status, 403);
});

test('without the setting, the answer names it', async t => {
  const unset = await opened(t, { token: undefined });
  for (const query of ['', '?token=', '?token=undefined']) {
    const { status, text } = await unset.ask('POST', query, {}, BODY);
    assert.equal(status, 403);
    assert.match(text, /OPENSCF_S3_TOKEN/);
  }
  assert.match((await unset.ask('POST', '', { 'X-TC-Language': 'zh-CN' }, BODY)).text, /尚未设置 s3\.token/);
  assert.deepEqual(unset.taken, []);
});

test('a store that asks whether anybody is there is answered', async t => {
  const { taken, ask } = await opened(t);
  assert.deepEqual(await ask('HEAD', `?token=${S3_TOKEN}`), { status: 200, text: '' });
  assert.equal((await ask('HEAD', '', bearer(S3_TOKEN))).status, 200);
  assert.equal((await ask('HEAD', '')).status, 403);
  assert.deepEqual(taken, []);
});

test('what is no notification is refused in both languages', async t => {
  const { ask } = await opened(t);
  for (const [body, en, zh] of [
    ['{', /no valid JSON/, /不是合法的 JSON/],
    ['', /malformed/, /格式错误/],
  ] as const) {
    const answer = await ask('POST', `?token=${S3_TOKEN}`, {}, body);
    assert.equal(answer.status, 400);
    assert.match(answer.text, en);
    assert.match((await ask('POST', `?token=${S3_TOKEN}`, { 'X-TC-Language': 'zh-CN' }, body)).text, zh);
  }
});

test('more than 1 MB is refused, and none of it is read without the token', async t => {
  const { taken, ask } = await opened(t);
  const body = JSON.stringify({ Records: [], more: 'x'.repeat(1024 * 1024) });
  const { status, text } = await ask('POST', `?token=${S3_TOKEN}`, {}, body);
  assert.equal(status, 413);
  assert.match(text, /1048576 bytes/);
  assert.equal((await ask('POST', '', {}, body)).status, 403);
  assert.deepEqual(taken, []);
});

test('how many there were is told to whoever may see all', async t => {
  const { ask } = await opened(t);
  await ask('POST', `?token=${S3_TOKEN}`, {}, BODY);
  assert.deepEqual(await ask('GET', '', bearer(TOKEN)), { status: 200, text: '{"accepted":1}' });
});
