import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ask, assertSaid, FakeTarget, GatewayStand } from '../fixture.ts';
import type { ApiConfig, RequestParameter } from '../model.ts';
import { missingParameter } from './parameters.ts';

const declared = (position: RequestParameter['position'], name: string, required = true): RequestParameter => ({
  name,
  position,
  required,
  defaultValue: '',
});

const PARAMETERS: ApiConfig['parameters'] = [
  declared('HEADER', 'X-Shop'),
  declared('QUERY', 'page'),
  declared('PATH', 'id'),
  declared('QUERY', 'size', false),
];
const FORM = 'application/x-www-form-urlencoded';

async function stand(parameters: ApiConfig['parameters'], path = '/fn/{id}') {
  const open = await GatewayStand.open();
  const target = new FakeTarget();
  const { base } = await open.serve(target, { parameters, path });
  const visit = (at: string, options: Ask = {}) => open.ask(`${base}${at}`, options);
  return { open, target, visit };
}

describe('declared parameters', () => {
  const headers = { 'x-shop': '1' };
  const cases: readonly (readonly [message: string, path: string, options: Ask])[] = [
    ['header X-Shop is required', '/fn/1?page=1', {}],
    ['querystring page is required', '/fn/1', { headers }],
    ['querystring page is required', '/fn/1?Page=1&size=2', { headers }],
  ];
  for (const [message, path, options] of cases) {
    it(`${path}: ${message}`, async () => {
      const { open, target, visit } = await stand(PARAMETERS);
      await using _open = open;
      assertSaid(await visit(path, options), 403, message);
      assert.equal(target.seen.length, 0);
    });
  }

  it('that are there, if only empty, let in', async () => {
    const { open, target, visit } = await stand(PARAMETERS);
    await using _open = open;
    assert.equal((await visit('/fn/1?page', { headers: { 'X-SHOP': '' } })).status, 200);
    assert.equal((await visit('/fn/1?a=1&p%61ge=', { headers })).status, 200);
    assert.equal(target.seen.length, 2);
  });

  it('of a path that has none of that name are missing', () => {
    const refusal = missingParameter([declared('PATH', 'id')], {}, '', {});
    assert.deepEqual([refusal?.status, refusal?.message], [403, 'path variable id is required']);
    assert.equal(missingParameter([declared('PATH', 'id')], {}, '', { id: '' }), undefined);
  });
});

describe('declared fields of a body', () => {
  const fields = [declared('BODY', 'name'), declared('BODY', 'note', false)];
  const post = (type: string, body: string): Ask => ({ method: 'POST', body, headers: { 'content-type': type } });
  const JSON_TYPE = 'application/json';
  const cases: readonly (readonly [message: string, options: Ask])[] = [
    ['body param name is required', { method: 'POST' }],
    ['body param name is required', post(FORM, 'note=1')],
    ['body param name is required', post(`${FORM}; charset=utf-8`, 'Name=1')],
    ['req content type need application/x-www-form-urlencoded', post(JSON_TYPE, '{"name":"a"}')],
    ['req content type need application/x-www-form-urlencoded', post(JSON_TYPE, 'name=a')],
    ['Get body params fail', post(FORM, 'name=%zz')],
    ['Get body params fail', post(FORM, 'name=%ff')],
  ];
  for (const [message, options] of cases) {
    it(`${options.body ?? 'nothing'}: ${message}`, async () => {
      const { open, target, visit } = await stand(fields);
      await using _open = open;
      assertSaid(await visit('/fn/1', options), 403, message);
      assert.equal(target.seen.length, 0);
    });
  }

  it('that are there let in, and the body goes on whole', async () => {
    const { open, target, visit } = await stand(fields);
    await using _open = open;
    for (const body of ['name=', 'a=b&n%61me=%E4%B8%AD+x']) {
      assert.equal((await visit('/fn/1', post(FORM, body))).status, 200);
      assert.equal(target.seen.at(-1)?.body?.toString(), body);
    }
  });
});
