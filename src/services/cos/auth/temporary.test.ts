// Temporary keys as the account gives them, used by the vendor's own client.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import { scene } from '../../../control/fixture.ts';
import { needPreset } from '../../../control/roles.ts';
import type { Issued } from '../../../control/sessions.ts';
import { SystemClock } from '../../../core/clock.ts';
import { SeededIds } from '../../../core/ids.ts';
import { openFront } from '../../../http/server.ts';
import { cosSite } from '../http/site.ts';
import { BUCKET, House, REGION } from '../testing.ts';
import { AccountGuard } from './guard.ts';

const OWN = { secretId: 'AKIDOWN', secretKey: 'own' };
const AT = { Bucket: BUCKET, Region: REGION };
const RESOURCE = `qcs::cos:${REGION}:uid/1250000000:${BUCKET}`;

async function open() {
  const { control, deps } = await scene({ keys: [OWN] });
  const house = await House.open();
  const { clock, log } = house;
  const { accounts, sessions, roles } = control;
  const wallClock = new SystemClock();
  const guard = new AccountGuard({ secrets: { secretOf: accounts.heldKey }, wallClock, account: deps.account });
  const { account } = deps;
  const site = cosSite({
    ...{ cos: house.cos, clock, log, ids: new SeededIds('http'), account, region: REGION, endpoints: [], guard },
  });
  const front = await openFront({ host: '127.0.0.1', port: 0, setting: 'portCos', sites: [], fallback: site, log });
  const client = ({ secretId, secretKey, token }: { secretId: string; secretKey: string; token?: string }) =>
    new Cos({
      ...{ SecretId: secretId, SecretKey: secretKey, SecurityToken: token, Protocol: 'http:' },
      ...{ Ip: `127.0.0.1:${front.port}`, AutoSwitchHost: false },
    } as Cos.COSOptions);
  const own = accounts.heldKey(OWN.secretId, '') ?? assert.fail();
  const federate = (...statement: object[]): Issued =>
    sessions.federate('bob', JSON.stringify({ version: '2.0', statement }), own, { durationS: 600, nowMs: Date.now() });
  return {
    ...{ house, client, federate, sessions, roles, own, port: front.port },
    async close() {
      await front.close(0);
      await house[Symbol.asyncDispose]();
    },
  };
}

const denied = (asked: Promise<unknown>, code = 'AccessDenied', statusCode = 403) =>
  assert.rejects(asked, (error: { statusCode: number; code: string }) => {
    assert.deepEqual([error.statusCode, error.code], [statusCode, code]);
    return true;
  });

describe('temporary keys at the store', () => {
  let at: Awaited<ReturnType<typeof open>>;
  before(async () => {
    at = await open();
  });
  after(() => at.close());

  test('do what their policy allows', async () => {
    const objects = {
      effect: 'allow',
      action: ['name/cos:PutObject', 'name/cos:GetObject'],
      resource: `${RESOURCE}/user/*`,
    };
    const bob = at.client(at.federate(objects));
    await bob.putObject({ ...AT, Key: 'user/a', Body: 'x' });
    assert.equal(String((await bob.getObject({ ...AT, Key: 'user/a' })).Body), 'x');
    await denied(bob.putObject({ ...AT, Key: 'other/a', Body: 'x' }));
    await denied(bob.deleteObject({ ...AT, Key: 'user/a' }));
    await denied(bob.getBucket(AT));
    await denied(
      bob.putObjectCopy({ ...AT, Key: 'user/b', CopySource: `${BUCKET}.cos.${REGION}.myqcloud.com/other/a` }),
    );
  });

  test('make URLs that carry their token', async () => {
    const bob = at.client(at.federate({ effect: 'allow', action: 'cos:GetObject', resource: '*' }));
    await at.house.put('open', 'y');
    const link = new URL(bob.getObjectUrl({ ...AT, Key: 'open', Sign: true }, () => {}));
    assert.deepEqual(await byHost(at.port, link), [200, 'y']);
    link.searchParams.delete('x-cos-security-token');
    assert.equal((await byHost(at.port, link))[0], 403);
  });

  test('are good for nothing without their token, or after their end', async () => {
    const all = { effect: 'allow', action: '*', resource: '*' };
    const { token: _, ...bare } = at.federate(all);
    await denied(at.client(bare).headBucket(AT), '403');
    await denied(at.client({ ...bare, token: at.federate(all).token }).putObject({ ...AT, Key: 'a', Body: '' }));
    const policy = JSON.stringify({ statement: all });
    const past = at.sessions.federate('bob', policy, at.own, { durationS: 60, nowMs: Date.now() - 61_000 });
    await denied(at.client(past).putObject({ ...AT, Key: 'a', Body: '' }), 'ExpiredToken', 400);
  });

  test('of a role do what is attached to it', async () => {
    const trust = JSON.stringify({
      statement: { effect: 'allow', action: '*', principal: { service: ['scf.qcloud.com'] } },
    });
    const role = await at.roles.create({ name: 'fn', trust, description: '', consoleLogin: 0, sessionS: 0, tags: [] });
    const wanted = { durationS: undefined, nowMs: Date.now() };
    const client = at.client(at.sessions.assumeFor('scf.qcloud.com', role, 'hello', wanted));
    await at.house.put('r', 'z');
    await denied(client.getObject({ ...AT, Key: 'r' }));
    await at.roles.attach(role, needPreset({ name: 'QcloudCOSReadOnlyAccess' }));
    assert.equal(String((await client.getObject({ ...AT, Key: 'r' })).Body), 'z');
    await denied(client.putObject({ ...AT, Key: 'r', Body: '' }));
  });

  test('many keys are deleted as far as policies allow each', async () => {
    const client = at.client(OWN);
    for (const key of ['keep/a', 'drop/a']) await at.house.put(key, '1');
    const keep = { principal: { qcs: ['*'] }, effect: 'deny', action: 'cos:Delete*', resource: `${RESOURCE}/keep/*` };
    await client.putBucketPolicy({ ...AT, Policy: { version: '2.0', Statement: [keep] } } as never);
    const Objects = [{ Key: 'keep/a' }, { Key: 'drop/a' }];
    const { Deleted, Error: refused } = await client.deleteMultipleObject({ ...AT, Objects });
    assert.deepEqual(
      Deleted.map(({ Key }) => Key),
      ['drop/a'],
    );
    assert.deepEqual(
      refused.map(({ Key, Code }) => [Key, Code]),
      [['keep/a', 'AccessDenied']],
    );
    const own = at.client(at.federate({ effect: 'allow', action: 'cos:DeleteObject', resource: `${RESOURCE}/drop/*` }));
    await at.house.put('drop/a', '1');
    const second = await own.deleteMultipleObject({ ...AT, Objects: [{ Key: 'drop/a' }, { Key: 'other' }] });
    assert.deepEqual([second.Deleted.length, second.Error.map(({ Key }) => Key)], [1, ['other']]);

    await client.deleteBucketPolicy(AT);
    await client.deleteObject({ ...AT, Key: 'keep/a' });
  });
});

/** The URL's own host, at this port. */
function byHost(port: number, url: URL): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const path = `${url.pathname}${url.search}`;
    const out = request({ host: '127.0.0.1', port, path, agent: false, headers: { Host: url.host } }, response => {
      text(response).then(body => resolve([response.statusCode ?? 0, body]), reject);
    });
    out.on('error', reject).end();
  });
}
