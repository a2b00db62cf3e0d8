import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backend, freePort, REGION, refOf, Stand, saying } from '../fixture.ts';
import type { HealthCheck } from '../model.ts';

const HOST = { headers: { host: 'a.test' } };
const CHECK: Partial<HealthCheck> = { intervalS: 5, healthyAfter: 3, unhealthyAfter: 2, path: '/up', method: 'GET' };

/** A server whose health is what its status says. */
async function patient(name: string) {
  const looks: string[] = [];
  const state = { status: 200 };
  const server = await Backend.open((request, response) => {
    if (request.url !== '/up') return void response.end(name);
    looks.push(`${request.method} ${request.headers.host}`);
    response.writeHead(state.status).end();
  });
  return { server, looks, state };
}

describe('health checks', () => {
  it('take a server out after so many bad looks, and back after so many good ones', async () => {
    const a = await patient('a');
    const b = await patient('b');
    await using _a = a.server;
    await using _b = b.server;
    await using stand = await Stand.open();
    const placed = await stand.rule({ health: { ...CHECK, codes: 2 } });
    await stand.clb.targets.register(refOf(placed.rule), [a.server.draft(), b.server.draft()]);
    const served = async () => {
      const bodies = [(await placed.ask('/', HOST)).body, (await placed.ask('/', HOST)).body];
      return [...new Set(bodies)].toSorted().join();
    };
    const state = () => stand.clb.health(placed.rule, a.server.draft() as never);
    assert.equal(state(), 'Unknown');
    assert.equal(await served(), 'a,b');
    await stand.clock.advance(1);
    assert.equal(state(), 'Alive');
    assert.deepEqual(a.looks, ['GET a.test']);
    a.state.status = 404;
    await stand.clock.advance(5_000);
    assert.equal(state(), 'Alive');
    a.state.status = 200;
    await stand.clock.advance(5_000);
    a.state.status = 500;
    await stand.clock.advance(5_000);
    assert.equal(state(), 'Alive');
    await stand.clock.advance(5_000);
    assert.equal(state(), 'Dead');
    assert.equal(await served(), 'b');
    b.state.status = 500;
    await stand.clock.advance(10_000);
    assert.equal(await served(), 'a,b', 'none is fit, so all are asked');
    b.state.status = 200;
    a.state.status = 204;
    await stand.clock.advance(10_000);
    assert.deepEqual([state(), await served()], ['Dead', 'a,b']);
    await stand.clock.advance(5_000);
    assert.deepEqual([state(), await served()], ['Alive', 'a,b']);
    assert.equal(a.looks.length, 1 + 4 + 2 + 3);
  });

  it('begin anew with another check, and end with the server', async () => {
    const a = await patient('a');
    await using _a = a.server;
    await using stand = await Stand.open();
    const placed = await stand.rule({ health: CHECK });
    const ref = refOf(placed.rule);
    await stand.clb.targets.register(ref, [a.server.draft()]);
    await stand.clock.advance(12_000);
    assert.equal(a.looks.length, 3);
    await stand.clb.targets.register(ref, [a.server.draft(50)]);
    await stand.clock.advance(3_000);
    assert.equal(a.looks.length, 4, 'a new weight is no new check');
    await stand.clb.rules.modify(ref, { health: { intervalS: 60, method: 'HEAD', domain: 'up.test' } });
    await stand.clock.advance(59_000);
    assert.deepEqual(a.looks.slice(4), ['HEAD up.test']);
    await stand.clb.rules.modify(ref, { health: { enabled: false } });
    assert.equal(stand.clb.health(placed.rule, a.server.draft() as never), 'Close');
    await stand.clock.advance(600_000);
    await stand.clb.rules.modify(ref, { health: { enabled: true } });
    await stand.clock.advance(0);
    assert.equal(a.looks.length, 6);
    await stand.clb.targets.deregister(ref, [a.server.draft()]);
    await stand.clock.advance(600_000);
    assert.equal(a.looks.length, 6);
  });

  it('by TCP ask for no more than a connection, on a port of their own if they say so', async () => {
    await using a = await saying('a');
    const dead = await freePort('127.0.0.1');
    await using stand = await Stand.open();
    const { ref, listener } = await stand.listener({
      protocol: 'TCP',
      forwarding: { health: { intervalS: 5, unhealthyAfter: 2 } },
    });
    const drafts = [a.draft(), { ...a.draft(), port: dead }];
    await stand.clb.targets.register(ref, drafts);
    const states = () =>
      (stand.clb.listeners.need(ref).forwarding?.servers ?? []).map(one => stand.clb.health(listener, one));
    await stand.clock.advance(4_000);
    assert.deepEqual(states(), ['Alive', 'Unknown']);
    await stand.clock.advance(2_000);
    assert.deepEqual(states(), ['Alive', 'Dead']);
    await stand.clb.listeners.modify(ref, { forwarding: { health: { port: a.port } } });
    await stand.clock.advance(1_000);
    assert.deepEqual(states(), ['Alive', 'Alive']);
    assert.ok(REGION);
  });
});
