// Every example as a user meets it: deployed with the command line, called, and its log read.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { installLine, templates } from '../src/importers/templates.ts';
import { startServer } from '../src/server.ts';
import { sdkOf } from './fixture.ts';
import { startTestServer, testConfig } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

const cli = async (...args: string[]) => {
  const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
  assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
  return run.out;
};
const ready = templates().filter(one => installLine(one) === undefined);
/** Those of several functions have tests of their own. */
const single = ready.filter(({ dir }) => existsSync(join(dir, 'serverless.yml')));
const names = (start: string) => single.map(one => one.name).filter(name => name.startsWith(start));

before(async () => {
  for (const { name, dir } of single) assert.match(await cli('deploy', dir), new RegExp(`^Created ${name} `));
});

test('all are listed', async () => {
  const list = await cli('ls');
  for (const { name } of single) assert.match(list, new RegExp(`^${name} +\\S+ +Active$`, 'm'));
});

test('a second deployment changes nothing but the code', async () => {
  for (const { name, dir } of single) {
    const { created, triggers } = JSON.parse(await cli('--json', 'deploy', dir)) as {
      created: boolean;
      triggers: { change: string }[];
    };
    assert.equal(created, false, name);
    assert.ok(
      triggers.every(one => one.change === 'kept'),
      name,
    );
  }
});

for (const name of names('hello')) {
  test(`${name} greets, and its print is in the log`, async () => {
    assert.deepEqual(JSON.parse(await cli('invoke', name, '-d', '{"name":"Ada"}')), {
      greeting: 'Hello, Ada!',
      from: name,
    });
    assert.match(await cli('logs', name), /event: \{"name": ?"Ada"\}/);
  });
}

for (const name of names('page')) {
  test(`${name} serves a page`, async () => {
    const { urls } = JSON.parse(await cli('--json', 'deploy', single.find(one => one.name === name)?.dir ?? '')) as {
      urls: string[];
    };
    const response = await fetch(`${urls[0]}?name=<Ada>`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const page = await response.text();
    assert.match(page, /<h1>Hello, &(lt|#60);Ada&(gt|#62);!<\/h1>/);
    assert.match(page, new RegExp(`<p>GET /${name}</p>`));
  });
}

test('web-node serves its page, sends back what it gets, and streams events', async () => {
  const dir = single.find(one => one.name === 'web-node')?.dir ?? '';
  const { urls } = JSON.parse(await cli('--json', 'deploy', dir)) as { urls: string[] };
  const url = urls[0] ?? '';
  const page = await fetch(`${url}/`);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(page.headers.get('x-request') ?? '', /^[0-9a-f-]{36}$/);
  assert.match(await page.text(), /new EventSource\('clock'\)/);

  const body = randomBytes(3 * 2 ** 20);
  const echo = await fetch(`${url}/`, { method: 'POST', body, headers: { 'Content-Type': 'image/png' } });
  assert.equal(echo.headers.get('content-type'), 'image/png');
  assert.ok(Buffer.from(await echo.arrayBuffer()).equals(body));

  const clock = await fetch(`${url}/clock`);
  assert.equal(clock.headers.get('content-type'), 'text/event-stream');
  const reader = clock.body?.pipeThrough(new TextDecoderStream()).getReader();
  // One a second, at most five: how many have come is a matter of when they are read.
  assert.match((await reader?.read())?.value ?? '', /^(data: \S+Z\n\n){1,5}$/);
  await reader?.cancel();
});

test('clb-python says hello at its access path, as its trigger and the list tell', async () => {
  const [path = '', own = ''] = (await cli('ls')).match(/http:\S+/g)?.filter(url => /_clb|:18080/.test(url)) ?? [];
  assert.match(path, /\/_clb\/lb-[a-z0-9]{8}\/80\/$/);
  const { Triggers } = await sdkOf(server).ListTriggers({ FunctionName: 'clb-python' });
  assert.equal(JSON.parse(Triggers?.[0]?.TriggerDesc ?? '').accessUrl, path);
  for (const url of [path, own]) assert.match(await (await fetch(url)).text(), /<h1>Hello CLB<\/h1>/, url);
});

test('the timers tick when the clock is turned, with the event that `openscf event` shows', async () => {
  await cli('time', 'advance', '3m');
  for (const name of names('timer')) {
    const ticks = (await cli('logs', name)).match(/every-minute ticked at \S+:00Z: tick/g) ?? [];
    assert.ok(ticks.length >= 2, name);
    assert.match(await cli('invoke', name, '-d', await cli('event', 'timer')), /ok/);
  }
  await cli('time', 'resume');
});

test('the first start deploys them, and says of the others how to install them', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-examples-'));
  const config = testConfig(dataDir, { examples: true });
  const first = await startServer(config);
  const urls = first.urls.map(one => one.name);
  const answers = await Promise.all(
    first.urls.filter(({ url }) => url.startsWith('http')).map(async ({ url }) => (await fetch(url)).status),
  );
  await first.close();
  const again = await startServer(config);
  await again.close();
  await rm(dataDir, { recursive: true });

  const withUrl = ready.map(one => one.name).filter(name => /^(page|web|chat|clb)-/.test(name));
  for (const name of withUrl)
    assert.ok(
      urls.some(url => url.startsWith(name)),
      name,
    );
  assert.deepEqual(new Set(answers), new Set([200]));
  const said = first.notes.join('\n');
  for (const { name, dir } of templates()) {
    const line = installLine({ dir });
    assert.equal(said.includes(`${name}, `) || said.includes(`${name} (`), line !== undefined, name);
    if (line !== undefined) assert.ok(said.includes(`(${line})`), name);
    assert.ok(line === undefined || !urls.includes(name), name);
  }
  assert.deepEqual(
    again.urls.map(one => one.name),
    urls,
  );
  assert.doesNotMatch(again.notes.join(), /install first/);
});
