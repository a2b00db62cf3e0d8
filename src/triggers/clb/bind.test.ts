import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Trigger, TriggerHost } from '../../core/trigger.ts';
import type { Clb } from '../../services/clb/contract.ts';
import { ACCOUNT, freePort, REGION, Stand } from '../../services/clb/fixture.ts';
import { type ClbTrigger, unbindClb } from './bind.ts';
import type { ClbDesc } from './desc.ts';
import { clbKind } from './kind.ts';

const kind = clbKind();
let count = 0;

function hostOf({ clb, clock }: Stand): TriggerHost<Clb> {
  const submit = { sync: async () => anOutcome(), async: async () => {} };
  return { clock, ids: new SeededIds(), submit, account: ACCOUNT, source: clb };
}

const key = { region: REGION, namespace: 'default', name: 'fn' };

/** As control does it: parsed, then bound. */
async function bound(stand: Stand, desc: object, previous?: ClbTrigger): Promise<ClbTrigger> {
  const text = JSON.stringify(desc);
  const plan: Trigger & { readonly desc: ClbDesc } = {
    ...key,
    id: `t-${++count}`,
    type: 'clb',
    triggerName: 'given',
    qualifier: '$DEFAULT',
    enabled: true,
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
    ...previous,
    desc: kind.parse(text, { functionName: 'fn', ...(previous && { previous: previous.desc }) }),
  };
  return { ...plan, ...(await kind.bind?.(plan, hostOf(stand))) } as ClbTrigger;
}

const refused =
  (code: string, words = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    assert.match(error.text('en'), words);
    return true;
  };

const left = ({ clb }: Stand) =>
  clb.balancers
    .all()
    .map(({ id: loadBalancerId, name }) => [
      name,
      clb.listeners
        .list({ region: REGION, loadBalancerId })
        .map(({ id: listenerId, port }) => [
          port,
          clb.rules.list({ region: REGION, loadBalancerId, listenerId }).map(({ domain, url }) => domain + url),
        ]),
    ]);

describe('binding', () => {
  it('makes what is missing, and takes it away again with the last trigger in it', async () => {
    await using stand = await Stand.open();
    const port = await freePort('127.0.0.1');
    const one = await bound(stand, { port, domain: 'a.example' });
    assert.equal(one.desc.made, true);
    assert.equal(one.triggerName, one.desc.locationId);
    assert.equal(one.desc.givenName, 'given');
    assert.ok(one.resourceId.endsWith(`:${one.desc.loadBalancerId}/${one.desc.listenerId}/${one.desc.locationId}`));
    const two = await bound(stand, { port, domain: 'b.example', url: '/b' });
    assert.deepEqual(left(stand), [['SCF_CLB', [[port, ['a.example/', 'b.example/b']]]]]);
    await unbindClb(one, hostOf(stand));
    assert.deepEqual(left(stand), [['SCF_CLB', [[port, ['b.example/b']]]]], 'another trigger is still in it');
    await unbindClb(two, hostOf(stand));
    assert.deepEqual(left(stand), []);
  });

  it('leaves a balancer and a listener that somebody else has put a rule in', async () => {
    await using stand = await Stand.open();
    const port = await freePort('127.0.0.1');
    const trigger = await bound(stand, { port, domain: 'a.example' });
    const { loadBalancerId = '', listenerId = '' } = trigger.desc;
    await stand.clb.rules.create({ region: REGION, loadBalancerId, listenerId }, [
      { domains: ['b.example'], url: '/' },
    ]);
    await unbindClb(trigger, hostOf(stand));
    assert.deepEqual(left(stand), [['SCF_CLB', [[port, ['b.example/']]]]]);
  });

  it('finds what is there, and leaves it there', async () => {
    await using stand = await Stand.open();
    const { balancer, listener, rule } = await stand.rule({ domains: ['a.example'], url: '/x' });
    const byIds = { loadBalancerId: balancer.id, listenerId: listener.id, locationId: rule.id };
    const byNames = { loadBalanceId: balancer.id, port: listener.port, domain: 'A.example', url: '/x' };
    for (const desc of [byIds, byNames]) {
      const trigger = await bound(stand, desc);
      assert.deepEqual([trigger.desc.locationId, trigger.desc.made], [rule.id, false]);
      assert.deepEqual([trigger.desc.domain, trigger.desc.url, trigger.desc.port], ['a.example', '/x', listener.port]);
      await unbindClb(trigger, hostOf(stand));
      assert.deepEqual(stand.clb.rules.byId(REGION, rule.id)?.target, { kind: 'none' });
    }
  });

  it('again takes the new weight, and keeps rule and name', async () => {
    await using stand = await Stand.open();
    const port = await freePort('127.0.0.1');
    const before = await bound(stand, { port, domain: 'a.example' });
    const after = await bound(stand, { weight: 0 }, before);
    assert.deepEqual(after.desc, { ...before.desc, weight: 0 });
    const rule = stand.clb.rules.byId(REGION, before.desc.locationId ?? '');
    assert.deepEqual(rule?.target, { kind: 'function', triggerId: before.id, weight: 0 });
  });

  it('that fails on the way leaves nothing behind', async () => {
    await using stand = await Stand.open();
    const port = await freePort('127.0.0.1');
    await assert.rejects(bound(stand, { port, domain: '_bad' }), refused('InvalidParameter.FormatError'));
    await assert.rejects(bound(stand, { port }), refused('InvalidParameterValue.TriggerDesc', /domain/));
    await assert.rejects(bound(stand, { port: 3389, domain: 'a' }), refused('InvalidParameter.PortCheckFailed'));
    const https = { protocol: 'HTTPS', port, domain: 'a.example' };
    await assert.rejects(bound(stand, https), refused('InvalidParameterValue.TriggerDesc', /CreateListener/));
    assert.deepEqual(left(stand), []);
  });

  it('refuses a rule that has servers or another function, and ids that lead nowhere', async () => {
    await using stand = await Stand.open();
    const { balancer, listener, rule } = await stand.rule({ domains: ['a.example'] });
    const ids = { loadBalancerId: balancer.id, listenerId: listener.id, locationId: rule.id };
    const one = await bound(stand, ids);
    await assert.rejects(bound(stand, ids), refused('LimitExceeded'));
    await unbindClb(one, hostOf(stand));
    await stand.clb.targets.register({ region: REGION, ...ids }, [{ id: '', address: '127.0.0.1', port: 1 }]);
    await assert.rejects(bound(stand, ids), refused('FailedOperation', /servers or one function/));
    await assert.rejects(bound(stand, { loadBalancerId: 'lb-0' }), refused('InvalidParameter.LBIdNotFound'));
    const noListener = { loadBalancerId: balancer.id, listenerId: 'lbl-0' };
    await assert.rejects(bound(stand, noListener), refused('InvalidParameter.ListenerIdNotFound'));
    await assert.rejects(bound(stand, { ...ids, locationId: 'loc-0' }), refused('InvalidParameter.LocationNotFound'));
  });

  it('is undone although the balancer’s side has removed the rule before', async () => {
    await using stand = await Stand.open();
    const port = await freePort('127.0.0.1');
    const trigger = await bound(stand, { port, domain: 'a.example' });
    await stand.clb.balancers.remove(REGION, [trigger.desc.loadBalancerId ?? '']);
    await unbindClb(trigger, hostOf(stand));
    assert.deepEqual(left(stand), []);
  });
});

it('a trigger goes by its own name and by the one that it was made with', async () => {
  await using stand = await Stand.open();
  const { desc } = await bound(stand, { port: await freePort('127.0.0.1'), domain: 'a.example' });
  assert.equal(kind.named?.(desc, 'given'), true);
  assert.equal(kind.named?.(desc, 'other'), false);
  assert.equal(kind.summary(desc), `http ${desc.port} a.example/`);
});

it('its addresses are the path form and the listener’s own', async () => {
  await using stand = await Stand.open();
  const trigger = await bound(stand, { port: await freePort('127.0.0.1'), domain: 'a.example', url: '/x' });
  const { loadBalancerId, port } = trigger.desc;
  const { vip } = stand.clb.balancers.need({ region: REGION, loadBalancerId: loadBalancerId ?? '' });
  assert.deepEqual(kind.urls?.(trigger, hostOf(stand)), [
    `http://127.0.0.1:9702/_clb/${loadBalancerId}/${port}/x`,
    `http://${vip}:${port}/x`,
  ]);
});
