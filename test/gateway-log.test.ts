// Settings of API Gateway on a whole server: where its access log goes, and how many requests a service takes.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, deploy, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

test('every request has a line in the file, those above the rate of their service as well', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'openscf-log-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'logs', 'access.log');
  const server = await startTestServer({ accessLog: path, 'quota.gatewayQps': 2 });
  t.after(() => server.close());
  const sdk = sdkOf(server);
  await deploy(sdk, 'echo', 'exports.main_handler = async () => "hello"');
  const { TriggerInfo } = await sdk.CreateTrigger({
    FunctionName: 'echo',
    TriggerName: 'http',
    Type: 'apigw',
    TriggerDesc: JSON.stringify({ api: { requestConfig: { method: 'ANY' } } }),
    Enable: 'OPEN',
  });
  const { service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { service: { subDomain: string } };
  const ids: unknown[] = [];
  const refused = await until('a request above the rate', async () => {
    const answer = await ask(service.subDomain);
    ids.push(answer.headers['x-api-requestid']);
    return answer.status === 429 && answer;
  });
  assert.equal(refused.body.toString(), '{"message":"API rate limit exceeded"}');
  assert.equal(refused.headers['x-service-ratelimit'], '0/2');
  const lines = await until('all lines are written', async () => {
    const written = (await readFile(path, 'utf8')).trimEnd().split('\n');
    return written.length === ids.length && written;
  });
  assert.deepEqual(
    lines.map(line => /\[req_id:([0-9a-f]{32})\]$/.exec(line)?.[1]),
    ids,
  );
  assert.match(lines[0] ?? '', /^\[1250000000\]\[release\].*\[http\]\[rsp_st:200\]\[ups_st:200\]\[cip:127\.0\.0\.1\]/);
  assert.match(lines.at(-1) ?? '', /\[rsp_st:429\]\[ups_st:-\].*\[err_msg:API rate limit exceeded\]/);
});
