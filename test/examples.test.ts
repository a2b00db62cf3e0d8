// Every example as a user meets it: deployed with the command line, called, and its log read.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { templates } from '../src/importers/templates.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

const cli = async (...args: string[]) => {
  const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
  assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
  return run.out;
};
const names = (start: string) =>
  templates()
    .map(one => one.name)
    .filter(name => name.startsWith(start));

before(async () => {
  for (const { name, dir } of templates()) assert.match(await cli('deploy', dir), new RegExp(`^Created ${name} `));
});

test('all are listed', async () => {
  const list = await cli('ls');
  for (const { name } of templates()) assert.match(list, new RegExp(`^${name} +\\S+ +Active$`, 'm'));
});

test('a second deployment changes nothing but the code', async () => {
  for (const { name, dir } of templates()) {
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
    const { urls } = JSON.parse(
      await cli('--json', 'deploy', templates().find(one => one.name === name)?.dir ?? ''),
    ) as { urls: string[] };
    const response = await fetch(`${urls[0]}?name=<Ada>`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const page = await response.text();
    assert.match(page, /<h1>Hello, &(lt|#60);Ada&(gt|#62);!<\/h1>/);
    assert.match(page, new RegExp(`<p>GET /${name}</p>`));
  });
}

test('the timers tick when the clock is turned, with the event that `openscf event` shows', async () => {
  await cli('time', 'advance', '3m');
  for (const name of names('timer')) {
    const ticks = (await cli('logs', name)).match(/every-minute ticked at \S+:00Z: tick/g) ?? [];
    assert.ok(ticks.length >= 2, name);
    assert.match(await cli('invoke', name, '-d', await cli('event', 'timer')), /ok/);
  }
  await cli('time', 'resume');
});
