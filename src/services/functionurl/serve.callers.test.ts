import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, anOutcome } from '../../core/fixture.ts';
import { signTc3 } from '../../http/tc3.ts';
import { aUrlReply, EVENTS, KEYS, NOW, refused, UrlStand, WEB } from './fixture.ts';
import { REQUEST_BYTES } from './model.ts';

describe('other origins', () => {
  const cors = {
    origins: ['https://a.example'],
    headers: ['x-a'],
    methods: ['PUT'],
    exposed: ['x-b'],
    maxAgeS: 5,
    credentials: true,
  };
  const origin = 'https://a.example';

  test('are answered by the URL; what the function says of them is dropped', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { cors });
    stand.target.reply = async () =>
      aUrlReply({ headers: ['Access-Control-Allow-Origin', '*', 'access-control-max-age', '9', 'X-B', '1'] });
    const answer = await stand.ask(`/_url/${id}`, { headers: { origin } });
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.equal(answer.headers['access-control-expose-headers'], 'x-b');
    assert.equal(answer.headers['access-control-max-age'], undefined);
    assert.equal(answer.headers['x-b'], '1');

    const web = await stand.url(WEB, { cors });
    stand.target.play = async exchange => {
      const rawHeaders = ['Access-Control-Allow-Origin', '*', 'X-B', '2'];
      exchange.respond({ status: 200, reason: '', rawHeaders }).stream.end();
      return anOutcome(200);
    };
    const passed = await stand.ask(`/_url/${web}`, { headers: { origin } });
    assert.equal(passed.headers['access-control-allow-origin'], origin);
    assert.equal(passed.headers['x-b'], '2');
  });

  test('read refusals too', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { cors, auth: 'CAM' });
    const answer = await stand.ask(`/_url/${id}`, { headers: { origin } });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [401, origin]);
  });

  test('ask before they call, without a signature and without a run', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB, { cors, auth: 'CAM' });
    const headers = { origin, 'access-control-request-method': 'PUT' };
    const answer = await stand.ask(`/_url/${id}`, { method: 'OPTIONS', headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-methods'], 'PUT');
    assert.equal(answer.headers['access-control-allow-headers'], 'x-a');
    assert.equal(answer.headers['access-control-max-age'], '5');
    assert.equal(stand.target.passed.length, 0);
  });

  test('are the function’s business where CORS is off', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    stand.target.reply = async () => aUrlReply({ headers: ['Access-Control-Allow-Origin', 'theirs'] });
    const headers = { origin, 'access-control-request-method': 'PUT' };
    const answer = await stand.ask(`/_url/${id}`, { method: 'OPTIONS', headers });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, 'theirs']);
    assert.equal(stand.target.asked.length, 1);
  });
});

describe('a URL with CAM', () => {
  const TIMESTAMP = Math.floor(NOW / 1000);
  const signing = (path: string, body: string) => ({
    'Content-Type': 'application/json',
    'X-Scf-Cam-Timestamp': String(TIMESTAMP),
    'X-Scf-Cam-Uin': ACCOUNT.uin,
    Authorization: signTc3({
      method: 'POST',
      path,
      host: 'h.example',
      body,
      timestampS: TIMESTAMP,
      service: 'scf',
      ...KEYS,
    }),
  });

  test('serves requests that are signed, with their bodies', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { auth: 'CAM' });
    const web = await stand.url(WEB, { auth: 'CAM' });
    for (const path of [`/_url/${id}/a`, '/a']) {
      const headers = signing(path, '{"a":1}');
      const answer = await stand.ask(`/_url/${id}/a`, { method: 'POST', host: 'h.example', headers, body: '{"a":1}' });
      assert.equal(answer.status, 200, path);
      assert.equal(String(stand.target.asked.at(-1)?.body), '{"a":1}');
    }
    const passed = await stand.ask(`/_url/${web}/a`, {
      method: 'POST',
      host: 'h.example',
      headers: signing('/a', 'web'),
      body: 'web',
    });
    assert.deepEqual([passed.status, passed.text], [200, 'web']);
  });

  test('refuses the others before anything runs', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB, { auth: 'CAM' });
    const headers = signing('/a', 'signed');
    const ask = (change: object, body = 'signed') =>
      stand.ask(`/_url/${id}/a`, { method: 'POST', host: 'h.example', headers: { ...headers, ...change }, body });
    for (const answer of [
      await stand.ask(`/_url/${id}/a`),
      await ask({ Authorization: 'Bearer x' }),
      await ask({}, 'another'),
      await ask({ 'X-Scf-Cam-Uin': '1' }),
    ]) {
      assert.equal(answer.status, 401);
      assert.equal(refused(answer.text).statusCode, 401);
    }
    await stand.clock.advance(301_000);
    assert.match(refused((await ask({})).text).errorMessage, /expired/);
    const large = await ask({}, 'x'.repeat(REQUEST_BYTES + 1));
    assert.equal(large.status, 413, 'no more is read to be hashed');
    assert.equal(stand.target.passed.length, 0);
  });
});
