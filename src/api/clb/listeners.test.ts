import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificate } from '../../http/testing-certificates.ts';
import { freePort, START } from '../../services/clb/fixture.ts';
import { wireTime } from '../times.ts';
import { type ClbScene, clbScene, refused } from './fixture.ts';

type Shown = Readonly<Record<string, unknown>>;

async function shown({ call }: ClbScene, LoadBalancerId: string, more: object = {}): Promise<readonly Shown[]> {
  const { Listeners, TotalCount } = await call('DescribeListeners', { LoadBalancerId, ...more });
  assert.equal(TotalCount, (Listeners as unknown[]).length);
  return Listeners as Shown[];
}

async function uploaded({ certificates }: ClbScene, names: readonly string[], ca = false): Promise<string> {
  const made = await makeCertificate({ names, ca });
  return (await certificates.upload(ca ? { ...made, privateKeyPem: '' } : made)).certificate.id;
}

describe('listeners', () => {
  it('are made, shown as documented, changed and deleted', async () => {
    await using scene = await clbScene();
    const { call, done, listener } = scene;
    const { LoadBalancerId, ListenerId, Port, visit } = await listener({
      ListenerNames: ['front'],
      KeepaliveEnable: 1,
    });
    assert.match(ListenerId, /^lbl-[a-z0-9]{8}$/);
    const [one] = await shown(scene, LoadBalancerId);
    assert.deepEqual(
      [one?.ListenerName, one?.Protocol, one?.Port, one?.Rules, one?.SniSwitch, one?.KeepaliveEnable, one?.CreateTime],
      ['front', 'HTTP', Port, [], 0, 1, wireTime(START)],
    );
    assert.deepEqual([one?.Certificate, one?.HealthCheck, one?.TargetType], [null, null, 'NODE']);
    await done('ModifyListener', { LoadBalancerId, ListenerId, ListenerName: 'renamed', KeepaliveEnable: 0 });
    const [changed] = await shown(scene, LoadBalancerId, { ListenerIds: [ListenerId] });
    assert.deepEqual([changed?.ListenerName, changed?.KeepaliveEnable], ['renamed', 0]);
    assert.equal((await visit('/')).status, 404);
    await assert.rejects(call('ModifyListener', { LoadBalancerId, ListenerId }), refused('MissingParameter'));
    await done('DeleteListener', { LoadBalancerId, ListenerId });
    await assert.rejects(visit('/'), { code: 'ECONNREFUSED' });
    assert.deepEqual(await shown(scene, LoadBalancerId), []);
    const gone = { LoadBalancerId, ListenerId };
    await assert.rejects(call('DeleteListener', gone), refused('InvalidParameter.ListenerIdNotFound'));
  });

  it('are found by protocol and port; Rules is null where there cannot be any', async () => {
    await using scene = await clbScene();
    const { done, listener } = scene;
    const { LoadBalancerId, ListenerId, Port, vip } = await listener();
    const tcp = await freePort(vip);
    const HealthCheck = {
      HealthSwitch: 1,
      TimeOut: 3,
      IntervalTime: 6,
      HealthNum: 4,
      UnHealthNum: 5,
      CheckType: 'TCP',
    };
    const settings = { Scheduler: 'LEAST_CONN', SessionExpireTime: 0, HealthCheck };
    await done('CreateListener', { LoadBalancerId, Ports: [tcp], Protocol: 'TCP', ...settings });
    await done('CreateListener', { LoadBalancerId, Ports: [7001, 7002], Protocol: 'UDP' });
    assert.equal((await shown(scene, LoadBalancerId)).length, 4);
    const [byTcp] = await shown(scene, LoadBalancerId, { Protocol: 'TCP' });
    assert.deepEqual([byTcp?.Port, byTcp?.Rules, byTcp?.Scheduler], [tcp, null, 'LEAST_CONN']);
    const { TimeOut, IntervalTime, HealthNum, UnHealthNum, CheckType } = (byTcp?.HealthCheck ?? {}) as Shown;
    assert.deepEqual([TimeOut, IntervalTime, HealthNum, UnHealthNum, CheckType], [3, 6, 4, 5, 'TCP']);
    assert.deepEqual(
      (await shown(scene, LoadBalancerId, { Port })).map(one => one.ListenerId),
      [ListenerId],
    );
    assert.deepEqual(await shown(scene, LoadBalancerId, { ListenerIds: ['lbl-00000000'] }), []);
    const many = { ListenerIds: Array.from({ length: 101 }, () => ListenerId) };
    await assert.rejects(shown(scene, LoadBalancerId, many), refused('InvalidParameterValue.Length'));
  });

  it('refuse what the documents refuse', async () => {
    await using scene = await clbScene();
    const { call, listener } = scene;
    const { LoadBalancerId, Port, vip } = await listener();
    const free = await freePort(vip);
    const http = { LoadBalancerId, Ports: [free], Protocol: 'HTTP' };
    const cases: [object, string, RegExp?][] = [
      [{ ...http, LoadBalancerId: 'lb-00000000' }, 'InvalidParameter.LBIdNotFound'],
      [{ ...http, Ports: [Port] }, 'InvalidParameter.PortCheckFailed', /has it/],
      [{ ...http, Ports: [Port], Protocol: 'TCP' }, 'InvalidParameter.PortCheckFailed'],
      [{ ...http, Ports: [3389] }, 'InvalidParameter.PortCheckFailed', /reserved/],
      [{ ...http, Ports: [0] }, 'InvalidParameterValue.Range'],
      [{ ...http, Ports: [] }, 'MissingParameter'],
      [{ ...http, Protocol: 'FTP' }, 'InvalidParameterValue'],
      [{ ...http, ListenerNames: ['a', 'b'] }, 'InvalidParameterValue.Length'],
      [{ ...http, ListenerNames: ['x'.repeat(81)] }, 'InvalidParameterValue.Length'],
      [{ ...http, Certificate: { CertId: 'x' } }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...http, SniSwitch: 1 }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...http, Scheduler: 'IP_HASH' }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...http, Protocol: 'HTTPS' }, 'MissingParameter', /Certificate/],
      [{ ...http, Protocol: 'TCP', HealthCheck: { TimeOut: 61 } }, 'InvalidParameterValue.Range', /TimeOut/],
      [{ ...http, Protocol: 'TCP', SessionExpireTime: 29 }, 'InvalidParameterValue.Range'],
      [{ ...http, EndPort: 9000 }, 'UnsupportedOperation', /port ranges/],
      [{ ...http, TargetType: 'TARGETGROUP' }, 'UnsupportedOperation', /target groups/],
      [{ ...http, MaxConn: 10 }, 'UnsupportedOperation'],
    ];
    for (const [request, code, words] of cases) {
      await assert.rejects(call('CreateListener', request), refused(code, words), JSON.stringify(request));
    }
    assert.equal((await shown(scene, LoadBalancerId)).length, 1);
  });

  it('of HTTPS show the certificate of CertificateId, one that was sent with the call, or one per domain', async () => {
    await using scene = await clbScene();
    const { call, done, listener, certificates } = scene;
    const CertId = await uploaded(scene, ['a.example']);
    const { LoadBalancerId, ListenerId } = await listener({
      Protocol: 'HTTPS',
      Certificate: { SSLMode: 'UNIDIRECTIONAL', CertId },
    });
    const [one] = await shown(scene, LoadBalancerId);
    assert.deepEqual(one?.Certificate, {
      SSLMode: 'UNIDIRECTIONAL',
      SSLVerifyClient: null,
      CertId,
      CertCaId: null,
      ExtCertIds: [],
    });
    // A certificate that is shown cannot go.
    await assert.rejects(certificates.remove(CertId), refused('FailedOperation.DeleteResourceFailed', /clb lb-/));

    const made = await makeCertificate({ names: ['b.example'] });
    const sent = {
      SSLMode: 'UNIDIRECTIONAL',
      CertName: 'b',
      CertContent: made.certificatePem,
      CertKey: made.privateKeyPem,
    };
    await done('ModifyListener', { LoadBalancerId, ListenerId, Certificate: sent });
    const [second] = await shown(scene, LoadBalancerId);
    const { CertId: other } = (second?.Certificate ?? {}) as { readonly CertId: string };
    assert.equal(certificates.find(other)?.alias, 'b');
    await certificates.remove(CertId);

    const caId = await uploaded(scene, [], true);
    const MultiCertInfo = { SSLMode: 'MUTUAL', CertList: [{ CertId: other }, { CertId: caId }] };
    await done('ModifyListener', { LoadBalancerId, ListenerId, MultiCertInfo });
    const [mutual] = await shown(scene, LoadBalancerId);
    const { SSLMode, CertCaId } = (mutual?.Certificate ?? {}) as Shown;
    assert.deepEqual([SSLMode, CertCaId], ['MUTUAL', caId]);
    await assert.rejects(certificates.remove(caId), refused('FailedOperation.DeleteResourceFailed'));

    const both = { LoadBalancerId, ListenerId, Certificate: { CertId: other }, MultiCertInfo };
    await assert.rejects(call('ModifyListener', both), refused('InvalidParameterValue', /Certificate/));
    const unknown = { LoadBalancerId, ListenerId, Certificate: { CertId: 'nothing0' } };
    await assert.rejects(call('ModifyListener', unknown), refused('InvalidParameterValue', /openscf cert add/));
    const empty = { LoadBalancerId, ListenerId, Certificate: {} };
    await assert.rejects(call('ModifyListener', empty), refused('MissingParameter', /CertId/));
  });

  it('with SNI stay with it, and each domain has a certificate', async () => {
    await using scene = await clbScene();
    const { call, done, listener, certificates } = scene;
    const { LoadBalancerId, ListenerId } = await listener({ Protocol: 'HTTPS', SniSwitch: 1 });
    const off = { LoadBalancerId, ListenerId, SniSwitch: 0 };
    await assert.rejects(call('ModifyListener', off), refused('InvalidParameterValue', /SNI/));
    const bare = { LoadBalancerId, ListenerId, Rules: [{ Domain: 'a.example', Url: '/' }] };
    await assert.rejects(call('CreateRule', bare), refused('MissingParameter', /Certificate/));
    const [a, b] = [await uploaded(scene, ['a.example']), await uploaded(scene, ['b.example'])];
    const Rules = [
      { Domain: 'a.example', Url: '/', Certificate: { CertId: a }, Http2: true },
      { Domain: 'a.example', Url: '/x' },
    ];
    await done('CreateRule', { LoadBalancerId, ListenerId, Rules });
    const [{ Rules: rules } = { Rules: [] }] = await shown(scene, LoadBalancerId);
    const certs = (rules as Shown[]).map(({ Certificate, Http2 }) => [(Certificate as Shown).CertId, Http2]);
    assert.deepEqual(certs, [
      [a, true],
      [a, true],
    ]);
    await assert.rejects(certificates.remove(a), refused('FailedOperation.DeleteResourceFailed', /a\.example/));
    await done('ReplaceCertForLoadBalancers', {
      OldCertificateId: a,
      Certificate: { SSLMode: 'UNIDIRECTIONAL', CertId: b },
    });
    await certificates.remove(a);
    const again = { OldCertificateId: a, Certificate: { SSLMode: 'UNIDIRECTIONAL', CertId: b } };
    await assert.rejects(
      call('ReplaceCertForLoadBalancers', again),
      refused('InvalidParameterValue', /no load balancer/),
    );
    await done('DeleteListener', { LoadBalancerId, ListenerId });
    await certificates.remove(b);
  });
});

describe('rules', () => {
  const urls = async (scene: ClbScene, LoadBalancerId: string) => {
    const [one] = await shown(scene, LoadBalancerId);
    const rows = ((one?.Rules ?? []) as Shown[]).map(rule => [rule.Domain, rule.Url, rule.DefaultServer]);
    return rows.sort(([a], [b]) => (String(a) < String(b) ? 1 : -1));
  };

  it('are made, shown as documented, changed and deleted', async () => {
    await using scene = await clbScene();
    const { call, done, listener } = scene;
    const { LoadBalancerId, ListenerId } = await listener();
    const ref = { LoadBalancerId, ListenerId };
    const HealthCheck = { HealthSwitch: 1, HttpCode: 2, HttpCheckPath: '/up', HttpCheckMethod: 'GET' };
    const Rules = [
      { Domain: 'A.example', Url: '/', SessionExpireTime: 60, Scheduler: 'WRR', CookieName: 'mine', HealthCheck },
      { Domains: ['b.example', '*.c.example'], Url: '~* \\.png$' },
    ];
    const { LocationIds } = await done('CreateRule', { ...ref, Rules });
    const [first = '', second = ''] = LocationIds as string[];
    assert.match(first, /^loc-[a-z0-9]{8}$/);
    const [one] = await shown(scene, LoadBalancerId);
    const ruleOf = (id: string) => ((one?.Rules ?? []) as Shown[]).find(rule => rule.LocationId === id) ?? {};
    const [a, b] = [ruleOf(first), ruleOf(second)];
    assert.deepEqual(
      [a.LocationId, a.Domain, a.Url, a.SessionExpireTime, a.Scheduler, a.CookieName, a.ListenerId],
      [first, 'a.example', '/', 60, 'WRR', 'mine', ListenerId],
    );
    assert.deepEqual([a.DefaultServer, b.DefaultServer, a.TargetType, a.HttpGzip], [true, false, 'NODE', true]);
    const { HttpCode, HttpCheckPath, HttpCheckMethod, TimeOut, IntervalTime } = a.HealthCheck as Shown;
    assert.deepEqual([HttpCode, HttpCheckPath, HttpCheckMethod, TimeOut, IntervalTime], [2, '/up', 'GET', 2, 5]);
    assert.deepEqual(b.Domains, ['b.example', '*.c.example']);

    await done('ModifyRule', { ...ref, LocationId: first, Url: '/new', SessionExpireTime: 0, Scheduler: 'IP_HASH' });
    await assert.rejects(call('ModifyRule', { ...ref, LocationId: first }), refused('MissingParameter'));
    await done('ModifyDomain', { ...ref, Domain: 'a.example', NewDomain: 'z.example' });
    await done('ModifyDomainAttributes', { ...ref, Domain: 'b.example', DefaultServer: true });
    assert.deepEqual(await urls(scene, LoadBalancerId), [
      ['z.example', '/new', false],
      ['b.example', '~*\\.png$', true],
    ]);
    const noHeir = { ...ref, Domain: 'b.example', DefaultServer: false };
    await assert.rejects(call('ModifyDomainAttributes', noHeir), refused('MissingParameter', /NewDefaultServerDomain/));
    await done('ModifyDomainAttributes', { ...noHeir, NewDefaultServerDomain: 'z.example' });
    assert.deepEqual(
      (await urls(scene, LoadBalancerId)).map(([domain, , is]) => [domain, is]),
      [
        ['z.example', true],
        ['b.example', false],
      ],
    );
    await done('DeleteRule', { ...ref, LocationIds: [first] });
    await assert.rejects(
      call('ModifyRule', { ...ref, LocationId: first, Url: '/x' }),
      refused('InvalidParameter.LocationNotFound'),
    );
    await done('DeleteRule', { ...ref, Domain: 'b.example', Url: '~* \\.png$' });
    assert.deepEqual(await urls(scene, LoadBalancerId), []);
  });

  it('refuse what the documents refuse', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { LoadBalancerId, ListenerId, LocationId } = await rule();
    const ref = { LoadBalancerId, ListenerId };
    const ports = { LoadBalancerId, Ports: [7001], Protocol: 'UDP' };
    const [udp] = (await done('CreateListener', ports)).ListenerIds as string[];
    const plain = { Domain: 'b.example', Url: '/b' };
    const cases: [object, string, RegExp?][] = [
      [{ ...ref, Rules: [] }, 'MissingParameter'],
      [{ ...ref, Rules: [{ Domain: 'a.example', Url: '/' }] }, 'InvalidParameterValue.Duplicate', /loc-/],
      [{ ...ref, Rules: [plain, plain] }, 'InvalidParameterValue.Duplicate'],
      [{ ...ref, Rules: [{ ...plain, Url: 'b' }] }, 'InvalidParameter.FormatError', /begin with \//],
      [{ ...ref, Rules: [{ ...plain, Url: `/${'x'.repeat(200)}` }] }, 'InvalidParameterValue.Length'],
      [{ ...ref, Rules: [{ ...plain, Url: '~ (' }] }, 'InvalidParameter.FormatError', /regular expression/],
      [{ ...ref, Rules: [{ ...plain, Domain: '_b.example' }] }, 'InvalidParameter.FormatError'],
      [{ ...ref, Rules: [{ ...plain, Domain: 'x'.repeat(81) }] }, 'InvalidParameterValue.Length'],
      [{ ...ref, Rules: [{ ...plain, Domains: ['c.example'] }] }, 'InvalidParameterValue', /Domain/],
      [{ ...ref, Rules: [{ ...plain, SessionExpireTime: 10 }] }, 'InvalidParameterValue.Range'],
      [{ ...ref, Rules: [{ ...plain, SessionExpireTime: 60, Scheduler: 'IP_HASH' }] }, 'InvalidParameterValue', /WRR/],
      [{ ...ref, Rules: [{ ...plain, CookieName: 'a b' }] }, 'InvalidParameter.FormatError'],
      [{ ...ref, Rules: [{ ...plain, HealthCheck: { HttpCode: 32 } }] }, 'InvalidParameterValue.Range'],
      [{ ...ref, Rules: [{ ...plain, Certificate: { CertId: 'x' } }] }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...ref, Rules: [{ ...plain, Http2: true }] }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...ref, Rules: [{ ...plain, ForwardType: 'GRPC' }] }, 'UnsupportedOperation', /HTTP\/1\.1/],
      [{ ...ref, Rules: [{ ...plain, Quic: true }] }, 'UnsupportedOperation'],
      [{ ...ref, ListenerId: udp, Rules: [plain] }, 'InvalidParameter.ProtocolCheckFailed'],
      [{ ...ref, ListenerId: 'lbl-00000000', Rules: [plain] }, 'InvalidParameter.ListenerIdNotFound'],
      [{ ...ref, LoadBalancerId: 'lb-00000000', Rules: [plain] }, 'InvalidParameter.LBIdNotFound'],
    ];
    for (const [request, code, words] of cases) {
      await assert.rejects(call('CreateRule', request), refused(code, words), JSON.stringify(request));
    }
    assert.deepEqual(await urls(scene, LoadBalancerId), [['a.example', '/', true]]);
    await assert.rejects(call('DeleteRule', ref), refused('MissingParameter'));
    await assert.rejects(
      call('DeleteRule', { ...ref, LocationIds: [LocationId, 'loc-00000000'] }),
      refused('InvalidParameter.LocationNotFound'),
    );
    const nobody = { ...ref, Domain: 'nobody.example', NewDomain: 'x.example' };
    await assert.rejects(call('ModifyDomain', nobody), refused('InvalidParameter.LocationNotFound'));
    const many = { ...ref, Rules: Array.from({ length: 50 }, (_, n) => ({ Domain: 'b.example', Url: `/${n}` })) };
    await assert.rejects(call('CreateRule', many), refused('LimitExceeded'));
  });
});
