import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeCertificates, freePort, REGION, refOf, refused, Stand } from '../fixture.ts';
import {
  HEALTH_DEFAULTS,
  LISTENERS_PER_BALANCER,
  RESERVED_PORTS,
  RULES_PER_LISTENER,
  SERVERS_PER_RULE,
} from '../model.ts';

const lb = (loadBalancerId: string) => ({ region: REGION, loadBalancerId });

describe('load balancers', () => {
  it('get the lowest free address each, and lose it when they go', async () => {
    await using stand = await Stand.open({ pool: '127.80.9.1,127.80.9.2,127.80.9.3' });
    const { balancers } = stand.clb;
    const make = () => balancers.create(REGION, { type: 'OPEN' });
    const [a, b, c] = [await make(), await make(), await make()];
    assert.deepEqual([a.vip, b.vip, c.vip], ['127.80.9.1', '127.80.9.2', '127.80.9.3']);
    await assert.rejects(make(), refused('ResourceInsufficient', 'clb.vips'));
    await balancers.remove(REGION, [b.id]);
    assert.equal((await balancers.create(REGION, { type: 'INTERNAL', name: 'x' })).vip, '127.80.9.2');
    await balancers.remove(REGION, [a.id, c.id]);
    await assert.rejects(
      balancers.create(REGION, { type: 'OPEN', vip: '127.80.9.2' }),
      refused('InvalidParameterValue.Duplicate'),
    );
    await assert.rejects(
      balancers.create(REGION, { type: 'OPEN', vip: '10.0.0.1' }),
      refused('InvalidParameter.FormatError'),
    );
    assert.equal((await balancers.create(REGION, { type: 'OPEN', vip: '127.80.9.3' })).vip, '127.80.9.3');
  });

  it('are named, listed oldest first, kept over a restart, and known in their region alone', async () => {
    await using stand = await Stand.open();
    const first = await stand.clb.balancers.create(REGION, { type: 'OPEN', echoed: { VpcId: 'vpc-1' } });
    assert.match(first.id, /^lb-[a-z0-9]{8}$/);
    assert.equal(first.name, first.id);
    await stand.clock.advance(1000);
    const second = await stand.clb.balancers.create(REGION, { type: 'OPEN', name: 'second' });
    await stand.clb.balancers.modify(lb(first.id), { name: 'first', echoed: { ProjectId: 1 } });
    await stand.restart();
    assert.deepEqual(
      stand.clb.balancers.list(REGION).map(one => one.name),
      ['first', 'second'],
    );
    assert.deepEqual(stand.clb.balancers.need(lb(first.id)).echoed, { VpcId: 'vpc-1', ProjectId: 1 });
    assert.deepEqual(stand.clb.balancers.list('ap-tokyo'), []);
    const stranger = { region: 'ap-tokyo', loadBalancerId: second.id };
    assert.throws(() => stand.clb.balancers.need(stranger), refused('InvalidParameter.LBIdNotFound', second.id));
    await assert.rejects(stand.clb.balancers.remove('ap-tokyo', [second.id]), refused('InvalidParameter.LBIdNotFound'));
    for (const name of ['', 'x'.repeat(81)]) {
      await assert.rejects(stand.clb.balancers.modify(lb(first.id), { name }), refused('InvalidParameterValue.Length'));
    }
  });

  it('take all that they hold with them, and one that is missing keeps the others', async () => {
    await using stand = await Stand.open();
    const { balancer, rule } = await stand.rule();
    await assert.rejects(
      stand.clb.balancers.remove(REGION, [balancer.id, 'lb-none']),
      refused('InvalidParameter.LBIdNotFound'),
    );
    assert.equal(stand.clb.rules.byId(REGION, rule.id)?.id, rule.id);
    await stand.clb.balancers.remove(REGION, [balancer.id]);
    assert.equal(stand.clb.rules.byId(REGION, rule.id), undefined);
    assert.equal(await stand.store.count('resources'), 0);
  });
});

describe('listeners', () => {
  it('refuse ports that are taken, reserved or none', async () => {
    await using stand = await Stand.open();
    const { ref, listener } = await stand.listener({ protocol: 'TCP' });
    const make = (port: number, protocol: 'HTTP' | 'UDP' | 'QUIC' | 'TCP' = 'HTTP') =>
      stand.clb.listeners.create(ref, [{ protocol, port }]);
    await assert.rejects(make(listener.port), refused('InvalidParameter.PortCheckFailed', listener.id));
    for (const port of RESERVED_PORTS)
      await assert.rejects(make(port), refused('InvalidParameter.PortCheckFailed', 'reserved'));
    for (const port of [0, 65_536, 1.5]) await assert.rejects(make(port), refused('InvalidParameterValue.Range'));
    const [udp] = await make(listener.port, 'UDP');
    assert.equal(udp?.port, listener.port);
    await assert.rejects(make(listener.port, 'QUIC'), refused('InvalidParameter.PortCheckFailed'));
    assert.deepEqual(
      stand.clb.listeners
        .list(ref)
        .map(one => one.id)
        .toSorted(),
      [listener.id, udp?.id].toSorted(),
    );
  });

  it('are made all or none, and no port stays open', async () => {
    await using stand = await Stand.open();
    const { ref, balancer } = await stand.listener();
    const taken = await stand.listener({}, balancer);
    const port = 30_123;
    const drafts = [
      { protocol: 'HTTP' as const, port },
      { protocol: 'HTTP' as const, port: taken.listener.port },
    ];
    await assert.rejects(stand.clb.listeners.create(ref, drafts), refused('InvalidParameter.PortCheckFailed'));
    const [fine] = await stand.clb.listeners.create(ref, drafts.slice(0, 1));
    assert.equal(fine?.port, port);
    assert.equal(stand.clb.listeners.list(ref).length, 3);
  });

  it('are at most fifty of a balancer', async () => {
    await using stand = await Stand.open();
    const { ref } = await stand.listener();
    const many = Array.from({ length: LISTENERS_PER_BALANCER }, (_, i) => ({
      protocol: 'UDP' as const,
      port: 40_000 + i,
    }));
    await assert.rejects(stand.clb.listeners.create(ref, many), refused('LimitExceeded', '50'));
    assert.equal((await stand.clb.listeners.create(ref, many.slice(1))).length, LISTENERS_PER_BALANCER - 1);
  });

  it('of HTTPS need a certificate that is there, others take none', async () => {
    const certificates = new FakeCertificates();
    await certificates.add('c1', ['a.test']);
    await using stand = await Stand.open({ certificates });
    const one = (ids: string[], mode: 'UNIDIRECTIONAL' | 'MUTUAL' = 'UNIDIRECTIONAL', caId = '') => ({
      mode,
      ids,
      caId,
    });
    const make = (draft: object) => stand.listener(draft);
    await assert.rejects(make({ protocol: 'HTTPS' }), refused('MissingParameter', 'Certificate'));
    await assert.rejects(make({ protocol: 'HTTPS', certificate: one(['c2']) }), refused('InvalidParameterValue', 'c2'));
    await assert.rejects(make({ protocol: 'HTTPS', certificate: one(['c1', 'c1']) }), refused('UnsupportedOperation'));
    await assert.rejects(
      make({ protocol: 'HTTPS', certificate: one(['c1'], 'MUTUAL') }),
      refused('MissingParameter', 'CertCaId'),
    );
    await assert.rejects(
      make({ protocol: 'HTTP', certificate: one(['c1']) }),
      refused('InvalidParameter.ProtocolCheckFailed'),
    );
    await assert.rejects(make({ protocol: 'HTTP', sni: true }), refused('InvalidParameter.ProtocolCheckFailed', 'SNI'));
    await assert.rejects(
      make({ protocol: 'HTTPS', sni: true, certificate: one(['c1']) }),
      refused('InvalidParameter.ProtocolCheckFailed'),
    );
    const { ref } = await make({ protocol: 'HTTPS', certificate: one(['c1']) });
    await stand.clb.listeners.modify(ref, { name: 'new', keepAlive: true });
    assert.deepEqual([stand.clb.listeners.need(ref).name, stand.clb.listeners.need(ref).keepAlive], ['new', true]);
    const [rule] = await stand.clb.rules.create(ref, [{ domains: ['a.test'], url: '/' }]);
    await assert.rejects(stand.clb.listeners.modify(ref, { sni: true }), refused('FailedOperation', 'a.test'));
    await stand.clb.rules.remove(ref, [rule?.id ?? '']);
    await stand.clb.listeners.modify(ref, { sni: true });
    await assert.rejects(stand.clb.listeners.modify(ref, { sni: false }), refused('InvalidParameterValue', 'SNI'));
  });

  it('of TCP have scheduler, session and health check of their own, those of HTTP do not', async () => {
    await using stand = await Stand.open();
    const { ref } = await stand.listener({
      protocol: 'TCP',
      forwarding: { sessionExpireS: 30, health: { intervalS: 10 } },
    });
    const { forwarding } = stand.clb.listeners.need(ref);
    assert.deepEqual(forwarding, {
      scheduler: 'WRR',
      sessionExpireS: 30,
      health: { ...HEALTH_DEFAULTS, type: 'TCP', intervalS: 10 },
      servers: [],
    });
    await assert.rejects(
      stand.clb.listeners.modify(ref, { forwarding: { scheduler: 'IP_HASH' } }),
      refused('InvalidParameterValue', 'WRR'),
    );
    await stand.clb.listeners.modify(ref, { forwarding: { scheduler: 'LEAST_CONN', sessionExpireS: 0 } });
    assert.equal(stand.clb.listeners.need(ref).forwarding?.health.intervalS, 10);
    const wrong = refused('InvalidParameter.ProtocolCheckFailed');
    await assert.rejects(stand.listener({ forwarding: { scheduler: 'WRR' } }), wrong);
  });
});

describe('rules', () => {
  it('refuse what is not well formed, without a trace', async () => {
    await using stand = await Stand.open();
    const { ref } = await stand.listener();
    const cases: readonly (readonly [object, string])[] = [
      [{ url: 'x' }, 'InvalidParameter.FormatError'],
      [{ url: '' }, 'InvalidParameterValue.Length'],
      [{ url: `/${'x'.repeat(200)}` }, 'InvalidParameterValue.Length'],
      [{ url: '/a b' }, 'InvalidParameter.FormatError'],
      [{ url: '~ (' }, 'InvalidParameter.FormatError'],
      [{ url: '~' }, 'InvalidParameter.FormatError'],
      [{ domains: ['_a.test'] }, 'InvalidParameter.FormatError'],
      [{ domains: ['a..test'] }, 'InvalidParameter.FormatError'],
      [{ domains: ['*'] }, 'InvalidParameter.FormatError'],
      [{ domains: ['x'.repeat(81)] }, 'InvalidParameterValue.Length'],
      [{ domains: ['~['] }, 'InvalidParameter.FormatError'],
      [{ sessionExpireS: 29 }, 'InvalidParameterValue.Range'],
      [{ sessionExpireS: 30, scheduler: 'IP_HASH' }, 'InvalidParameterValue'],
      [{ cookieName: 'a b' }, 'InvalidParameter.FormatError'],
      [{ health: { intervalS: 1 } }, 'InvalidParameterValue.Range'],
      [{ health: { timeoutS: 61 } }, 'InvalidParameterValue.Range'],
      [{ health: { codes: 32 } }, 'InvalidParameterValue.Range'],
      [{ health: { path: 'x' } }, 'InvalidParameter.FormatError'],
      [{ http2: true }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ certificate: { mode: 'UNIDIRECTIONAL', ids: ['c'], caId: '' } }, 'InvalidParameter.ProtocolCheckFailed'],
    ];
    for (const [draft, code] of cases) {
      const made = stand.clb.rules.create(ref, [
        { domains: ['fine.test'], url: '/' },
        { domains: ['a.test'], url: '/', ...draft },
      ]);
      await assert.rejects(made, refused(code), JSON.stringify(draft));
    }
    assert.deepEqual(stand.clb.rules.list(ref), []);
    const l4 = await stand.listener({ protocol: 'TCP' });
    await assert.rejects(
      stand.clb.rules.create(l4.ref, [{ domains: ['a'], url: '/' }]),
      refused('InvalidParameter.ProtocolCheckFailed'),
    );
  });

  it('are one of their domain and path', async () => {
    await using stand = await Stand.open();
    const { ref, balancer } = await stand.listener();
    const make = (domains: string[], url: string) => stand.clb.rules.create(ref, [{ domains, url }]);
    const [rule] = await make(['A.test', 'b.test'], '= /x');
    assert.deepEqual([rule?.domain, rule?.domains, rule?.url], ['a.test', ['a.test', 'b.test'], '=/x']);
    await assert.rejects(make(['b.TEST'], '=/x'), refused('InvalidParameterValue.Duplicate', rule?.id));
    assert.equal((await make(['b.test'], '/x')).length, 1);
    const [own] = await make([], '/');
    assert.equal(own?.domain, balancer.vip);
    assert.equal(stand.clb.rules.need({ ...ref, domain: 'B.test', url: '= /x' }).id, rule?.id);
    assert.equal(stand.clb.rules.find({ ...ref, domain: 'c.test', url: '/' }), undefined);
    assert.throws(
      () => stand.clb.rules.need({ ...ref, locationId: 'loc-none' }),
      refused('InvalidParameter.LocationNotFound', 'loc-none'),
    );
    assert.throws(() => stand.clb.rules.need(ref), refused('MissingParameter'));
    const other = { ...ref, listenerId: 'lbl-none' };
    assert.throws(() => stand.clb.rules.list(other), refused('InvalidParameter.ListenerIdNotFound', 'lbl-none'));
    await assert.rejects(
      stand.clb.rules.modify({ ...ref, locationId: rule?.id ?? '' }, { url: '/x' }),
      refused('InvalidParameterValue.Duplicate'),
    );
  });

  it('are found in their region by id, or in whichever region that is', async () => {
    await using stand = await Stand.open();
    const { balancers, listeners, rules } = stand.clb;
    const region = 'ap-shanghai';
    const { id: loadBalancerId, vip } = await balancers.create(region, { type: 'OPEN' });
    const ref = { region, loadBalancerId };
    const [listener] = await listeners.create(ref, [{ protocol: 'HTTP', port: await freePort(vip) }]);
    const drafts = [{ domains: ['a.test'], url: '/' }];
    const [rule] = await rules.create({ ...ref, listenerId: listener?.id ?? '' }, drafts);
    const id = rule?.id ?? '';
    assert.deepEqual([rules.byId(region, id), rules.byId(REGION, id)], [rule, undefined]);
    assert.deepEqual([rules.anywhere(id), rules.anywhere('loc-00000000')], [rule, undefined]);
  });

  it('are at most fifty of a listener', async () => {
    await using stand = await Stand.open();
    const { ref } = await stand.listener();
    const many = Array.from({ length: RULES_PER_LISTENER + 1 }, (_, i) => ({ domains: ['a.test'], url: `/${i}` }));
    await assert.rejects(stand.clb.rules.create(ref, many), refused('LimitExceeded', '50'));
    assert.equal((await stand.clb.rules.create(ref, many.slice(1))).length, RULES_PER_LISTENER);
  });

  it('have one default domain: the first, the one that is named, or the oldest that is left', async () => {
    await using stand = await Stand.open();
    const { ref } = await stand.listener();
    const make = async (domain: string, url: string, defaultServer?: boolean) => {
      await stand.clock.advance(1000);
      const [rule] = await stand.clb.rules.create(ref, [
        { domains: [domain], url, ...(defaultServer && { defaultServer }) },
      ]);
      return rule?.id ?? '';
    };
    const standing = () => [
      ...new Set(
        stand.clb.rules
          .list(ref)
          .filter(one => one.defaultServer)
          .map(one => one.domain),
      ),
    ];
    const a = await make('a.test', '/');
    const b = await make('b.test', '/');
    assert.deepEqual(standing(), ['a.test']);
    const a2 = await make('a.test', '/2');
    assert.equal(stand.clb.rules.byId(REGION, a2)?.defaultServer, true);
    const c = await make('c.test', '/', true);
    assert.deepEqual(standing(), ['c.test']);
    await stand.clb.rules.remove(ref, [c]);
    assert.deepEqual(standing(), ['a.test']);
    assert.equal(stand.clb.rules.byId(REGION, a2)?.defaultServer, true);
    const d = await make('d.test', '/');
    await stand.clb.rules.remove(ref, [a, a2], 'D.test');
    assert.deepEqual(standing(), ['d.test']);
    await stand.clb.rules.modifyDomain(ref, 'b.test', { defaultServer: true });
    assert.deepEqual(standing(), ['b.test']);
    await stand.clb.rules.modifyDomain(ref, 'b.test', { newDefaultDomain: 'd.test', newDomains: ['e.test', 'f.test'] });
    assert.deepEqual(standing(), ['d.test']);
    assert.deepEqual(stand.clb.rules.byId(REGION, b)?.domains, ['e.test', 'f.test']);
    await assert.rejects(
      stand.clb.rules.modifyDomain(ref, 'd.test', { newDomains: ['f.test'] }),
      refused('InvalidParameterValue.Duplicate'),
    );
    await assert.rejects(stand.clb.rules.remove(ref, [d], 'none.test'), refused('InvalidParameter.LocationNotFound'));
    assert.notEqual(stand.clb.rules.byId(REGION, d), undefined);
  });

  it('keep what a change leaves out', async () => {
    await using stand = await Stand.open();
    const { rule } = await stand.rule({ sessionExpireS: 60, cookieName: 'c', health: { path: '/up' } });
    await stand.clb.rules.modify(refOf(rule), { health: { intervalS: 7 }, gzip: false });
    await stand.restart();
    const kept = Object.assign({ certificate: undefined }, stand.clb.rules.need(refOf(rule)));
    assert.deepEqual(kept, { ...rule, gzip: false, health: { ...HEALTH_DEFAULTS, path: '/up', intervalS: 7 } });
  });
});

describe('targets', () => {
  const server = { id: 'ins-1', address: '127.0.0.1', port: 8080 };

  it('of a rule are servers or one function, never both', async () => {
    await using stand = await Stand.open();
    const { rule } = await stand.rule({ health: { enabled: false } });
    const ref = refOf(rule);
    const { targets } = stand.clb;
    await targets.register(ref, [server]);
    await assert.rejects(
      targets.registerFunction(ref, { triggerId: 't1' }),
      refused('FailedOperation', 'servers or one function'),
    );
    await targets.deregister(ref, [{ id: 'ins-1', port: 8080 }]);
    assert.deepEqual(stand.clb.rules.need(ref).target, { kind: 'none' });
    assert.deepEqual((await targets.registerFunction(ref, { triggerId: 't1' })).target, {
      kind: 'function',
      triggerId: 't1',
      weight: 10,
    });
    await assert.rejects(targets.register(ref, [server]), refused('FailedOperation'));
    await assert.rejects(targets.registerFunction(ref, { triggerId: 't2' }), refused('LimitExceeded'));
    await targets.registerFunction(ref, { triggerId: 't1', weight: 3 });
    await assert.rejects(targets.weighFunction(ref, 101), refused('InvalidParameterValue.Range'));
    assert.deepEqual((await targets.weighFunction(ref, 0)).target, { kind: 'function', triggerId: 't1', weight: 0 });
    await targets.deregisterFunction(ref, 'other');
    assert.equal(stand.clb.rules.need(ref).target.kind, 'function');
    await targets.deregisterFunction(ref, 't1');
    await targets.deregisterFunction({ ...ref, locationId: 'loc-none' }, 't1');
    assert.equal(stand.clb.rules.need(ref).target.kind, 'none');
    await assert.rejects(targets.weighFunction(ref, 1), refused('ResourceNotFound'));
  });

  it('refuse functions behind listeners without rules and IPv6FullChain', async () => {
    await using stand = await Stand.open();
    for (const protocol of ['TCP', 'UDP', 'QUIC'] as const) {
      const { ref } = await stand.listener({ protocol });
      const made = stand.clb.targets.registerFunction({ ...ref, locationId: 'loc-x' }, { triggerId: 't' });
      await assert.rejects(made, refused('InvalidParameter.ProtocolCheckFailed', protocol));
    }
    const full = await stand.clb.balancers.create(REGION, { type: 'OPEN', ipVersion: 'IPv6FullChain' });
    const { ref } = await stand.listener({}, full);
    const [rule] = await stand.clb.rules.create(ref, [{ domains: ['a'], url: '/' }]);
    const made = stand.clb.targets.registerFunction({ ...ref, locationId: rule?.id ?? '' }, { triggerId: 't' });
    await assert.rejects(made, refused('UnsupportedOperation'));
  });

  it('keep servers by address and port', async () => {
    await using stand = await Stand.open();
    const { rule } = await stand.rule({ health: { enabled: false } });
    const ref = refOf(rule);
    const { targets } = stand.clb;
    const servers = () => {
      const { target } = stand.clb.rules.need(ref);
      return target.kind === 'servers' ? target.servers.map(one => [one.id, one.port, one.weight, one.tag]) : [];
    };
    await targets.register(ref, [server, { id: '', address: 'server.test', port: 1, weight: 0, tag: 't' }]);
    assert.deepEqual(servers(), [
      ['ins-1', 8080, 10, ''],
      ['server.test', 1, 0, 't'],
    ]);
    await targets.register(ref, [{ ...server, weight: 20 }]);
    assert.deepEqual(servers()[0], ['ins-1', 8080, 20, '']);
    await assert.rejects(
      targets.deregister(ref, [{ id: 'ins-2', port: 8080 }]),
      refused('ResourceNotFound', 'ins-2:8080'),
    );
    await assert.rejects(
      targets.weigh(ref, [{ id: 'ins-1', port: 8080, weight: -1 }]),
      refused('InvalidParameterValue.Range'),
    );
    await assert.rejects(targets.register(ref, [{ ...server, port: 0 }]), refused('InvalidParameterValue.Range'));
    await assert.rejects(
      targets.register(ref, [{ ...server, address: 'a b' }]),
      refused('InvalidParameter.FormatError'),
    );
    await assert.rejects(targets.register(ref, []), refused('MissingParameter'));
    const many = Array.from({ length: SERVERS_PER_RULE }, (_, i) => ({ ...server, port: i + 1 }));
    await assert.rejects(targets.register(ref, many), refused('InvalidParameterValue.Length'));
    await stand.restart();
    assert.equal(servers().length, 2);
    const udp = await stand.listener({ protocol: 'UDP' });
    await assert.rejects(stand.clb.targets.register(udp.ref, [server]), refused('UnsupportedOperation', 'UDP'));
  });

  it('name the triggers within, and lose those that are gone', async () => {
    await using stand = await Stand.open();
    const one = await stand.rule();
    const two = await stand.rule();
    await stand.clb.targets.registerFunction(refOf(one.rule), { triggerId: 't1' });
    await stand.clb.targets.registerFunction(refOf(two.rule), { triggerId: 't2' });
    const within = (where: object) => stand.clb.triggersWithin({ region: REGION, ...where }).toSorted();
    assert.deepEqual(within({}), ['t1', 't2']);
    assert.deepEqual(within({ loadBalancerId: one.balancer.id }), ['t1']);
    assert.deepEqual(within({ listenerId: two.listener.id }), ['t2']);
    assert.deepEqual(within({ locationId: 'loc-none' }), []);
    assert.deepEqual(stand.clb.triggersWithin({ region: 'ap-tokyo' }), []);
    assert.equal(await stand.clb.sweep(id => id === 't1'), 1);
    assert.deepEqual(within({}), ['t1']);
    assert.equal(
      stand.clb.resourceId(one.rule),
      `qcs::clb:gz:uin/100000000001:${one.balancer.id}/${one.listener.id}/${one.rule.id}`,
    );
  });
});

describe('custom configurations and tasks', () => {
  it('are kept, bound to many, and not removed while bound', async () => {
    await using stand = await Stand.open();
    const { configs, balancers } = stand.clb;
    const { id: a } = await balancers.create(REGION, { type: 'OPEN' });
    const { id: b } = await balancers.create(REGION, { type: 'OPEN' });
    const config = await configs.create(REGION, { name: 'c', content: 'gzip on;' });
    assert.match(config.id, /^pz-[a-z0-9]{8}$/);
    await configs.bind(REGION, config.id, [a, b, a]);
    await assert.rejects(configs.remove(REGION, config.id), refused('ResourceInUse'));
    await configs.unbind(REGION, config.id, [b]);
    assert.deepEqual([balancers.need(lb(a)).configId, balancers.need(lb(b)).configId], [config.id, '']);
    await stand.clock.advance(5000);
    await configs.modify(REGION, config.id, { name: 'd' });
    await stand.restart();
    const { name, content, createdAt, modifiedAt } = stand.clb.configs.need(REGION, config.id);
    assert.deepEqual([name, content, modifiedAt - createdAt], ['d', 'gzip on;', 5000]);
    await stand.clb.configs.unbind(REGION, config.id, [a]);
    await stand.clb.configs.remove(REGION, config.id);
    assert.deepEqual(stand.clb.configs.list(REGION), []);
    await assert.rejects(stand.clb.configs.bind(REGION, config.id, [a]), refused('ResourceNotFound', config.id));
    await assert.rejects(
      stand.clb.configs.create(REGION, { name: 'x', content: 'bad' }),
      refused('InvalidParameter.FormatError'),
    );
    await assert.rejects(
      stand.clb.configs.create(REGION, { name: 'x', content: '', type: 'LOCATION' }),
      refused('UnsupportedOperation'),
    );
  });

  it('say what became of a call', async () => {
    await using stand = await Stand.open();
    const { tasks } = stand.clb;
    let finish: () => void = () => {};
    const running = tasks.run('r1', ['lb-1'], () => new Promise<void>(resolve => (finish = resolve)));
    assert.deepEqual(tasks.find('r1'), { id: 'r1', status: 2, loadBalancerIds: ['lb-1'], message: '' });
    finish();
    await running;
    assert.equal(tasks.find('r1')?.status, 0);
    await assert.rejects(
      tasks.run('r2', [], () => Promise.reject(new Error('why'))),
      /why/,
    );
    assert.deepEqual([tasks.find('r2')?.status, tasks.find('r2')?.message], [1, 'why']);
    tasks.done('r3', ['lb-2']);
    assert.deepEqual(tasks.find('r3')?.loadBalancerIds, ['lb-2']);
    assert.equal(tasks.find('r4'), undefined);
  });
});
