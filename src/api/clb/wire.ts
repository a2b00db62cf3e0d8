// The balancer's nouns as the API shows them. What the cloud has and nothing here stands for goes out empty, never left out.

import type { Tag, TaggedResource } from '../../core/ports.ts';
import type { Listener, ListenerCertificate, LoadBalancer, Rule } from '../../services/clb/model.ts';
import { wireTime } from '../times.ts';
import { wireHealth } from './health.ts';

export function balancerResource({ region, id }: Pick<LoadBalancer, 'region' | 'id'>): TaggedResource {
  return { service: 'clb', region, prefix: 'clb', id };
}

export function tagsOf(given: readonly { readonly TagKey: string; readonly TagValue: string }[] = []): Tag[] {
  return given.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }));
}

export const wireTags = (tags: readonly Tag[]) => tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));

/** Fields without a counterpart here, as they were given; '' where they were not. */
export function echo({ echoed }: Pick<LoadBalancer, 'echoed'>, name: string): string {
  const value = echoed[name] ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const ispOf = (one: LoadBalancer): string =>
  one.type === 'INTERNAL' ? 'INTERNAL' : echo(one, 'VipIsp') || 'BGP';
export const chargeOf = (one: LoadBalancer): string => echo(one, 'LBChargeType') || 'POSTPAID_BY_HOUR';
export const isProtected = ({ echoed }: LoadBalancer): boolean => echoed.DeleteProtect === true;
export const projectOf = ({ echoed }: LoadBalancer): number => (echoed.ProjectId as number | undefined) ?? 0;

export const IP_VERSIONS = {
  ipv4: { AddressIPVersion: 'ipv4', IPv6Mode: '' },
  ipv6: { AddressIPVersion: 'ipv6', IPv6Mode: 'IPv6Nat64' },
  IPv6FullChain: { AddressIPVersion: 'ipv6', IPv6Mode: 'IPv6FullChain' },
} as const satisfies Record<LoadBalancer['ipVersion'], object>;

export function zoneOf({ echoed, region }: LoadBalancer, field: 'MasterZoneId' | 'ZoneId' | 'SlaveZoneId') {
  const zone = echoed[field];
  if (typeof zone !== 'string' || zone === '') return null;
  const number = /^\d+$/.test(zone) ? Number(zone) : 0;
  return { ZoneId: number, Zone: zone, ZoneName: zone, ZoneRegion: region, LocalZone: false, EdgeZone: false };
}

export function wireBalancer(one: LoadBalancer, tags: readonly Tag[]): object {
  const { echoed } = one;
  const created = wireTime(one.createdAt);
  const backup = zoneOf(one, 'SlaveZoneId');
  return {
    LoadBalancerId: one.id,
    LoadBalancerName: one.name,
    LoadBalancerType: one.type,
    Forward: 1,
    Domain: '',
    LoadBalancerVips: [one.vip],
    Status: 1,
    CreateTime: created,
    StatusTime: created,
    ProjectId: projectOf(one),
    VpcId: echo(one, 'VpcId'),
    OpenBgp: 0,
    Snat: false,
    Isolation: 0,
    Log: '',
    SubnetId: echo(one, 'SubnetId'),
    Tags: wireTags(tags),
    SecureGroups: [],
    TargetRegionInfo: echoed.TargetRegionInfo ?? { Region: one.region, VpcId: echo(one, 'VpcId') },
    AnycastZone: '',
    ...IP_VERSIONS[one.ipVersion],
    NumericalVpcId: 0,
    VipIsp: ispOf(one),
    MasterZone: zoneOf(one, 'MasterZoneId') ?? zoneOf(one, 'ZoneId'),
    BackupZoneSet: backup && [backup],
    IsolatedTime: null,
    ExpireTime: null,
    ChargeType: chargeOf(one),
    NetworkAttributes: echoed.InternetAccessible ?? null,
    PrepaidAttributes: echoed.LBChargePrepaid ?? null,
    LogSetId: '',
    LogTopicId: '',
    AddressIPv6: '',
    ExtraInfo: null,
    IsDDos: false,
    ConfigId: one.configId,
    LoadBalancerPassToTarget: echoed.LoadBalancerPassToTarget ?? false,
    ExclusiveCluster: echoed.ExclusiveCluster ?? null,
    SnatPro: echoed.SnatPro ?? false,
    SnatIps: echoed.SnatIps ?? [],
    SlaType: echo(one, 'SlaType'),
    IsBlock: false,
    IsBlockTime: '',
    LocalBgp: false,
    ClusterTag: echo(one, 'ClusterTag'),
    MixIpTarget: false,
    Zones: null,
    NfvInfo: '',
    HealthLogSetId: '',
    HealthLogTopicId: '',
    ClusterIds: echoed.ClusterIds ?? [],
    AttributeFlags: isProtected(one) ? ['DeleteProtect'] : [],
    LoadBalancerDomain: '',
    Egress: echo(one, 'Egress'),
    Exclusive: 0,
    AssociateEndpoint: echo(one, 'AssociateEndpoint'),
    AvailableZoneAffinityInfo: echoed.AvailableZoneAffinityInfo ?? null,
  };
}

function wireCertificate(certificate: ListenerCertificate | undefined) {
  if (!certificate) return null;
  const { mode, ids, caId } = certificate;
  const [CertId = '', ...ExtCertIds] = ids;
  const SSLVerifyClient = mode === 'MUTUAL' ? 'ON' : null;
  return { SSLMode: mode, SSLVerifyClient, CertId, CertCaId: caId || null, ExtCertIds };
}

/** `rules`: undefined of a listener that has none by its protocol. */
export function wireListener(listener: Listener, rules: readonly Rule[] | undefined): object {
  const { forwarding } = listener;
  return {
    ListenerId: listener.id,
    ListenerName: listener.name,
    Protocol: listener.protocol,
    Port: listener.port,
    EndPort: 0,
    Certificate: wireCertificate(listener.certificate),
    HealthCheck: forwarding ? wireHealth(forwarding.health) : null,
    Scheduler: forwarding?.scheduler ?? null,
    SessionExpireTime: forwarding?.sessionExpireS ?? 0,
    SniSwitch: listener.sni ? 1 : 0,
    Rules: rules ? rules.map(wireRule) : null,
    CreateTime: wireTime(listener.createdAt),
    TargetType: 'NODE',
    TargetGroup: null,
    TargetGroupList: null,
    SessionType: 'NORMAL',
    KeepaliveEnable: listener.keepAlive ? 1 : 0,
    Toa: false,
    DeregisterTargetRst: false,
    AttrFlags: [],
    MaxConn: -1,
    MaxCps: -1,
    IdleConnectTimeout: null,
    RescheduleInterval: null,
    DataCompressMode: null,
    RescheduleStartTime: null,
  };
}

export function wireRule(rule: Rule): object {
  return {
    LocationId: rule.id,
    Domain: rule.domain,
    Domains: rule.domains,
    Url: rule.url,
    SessionExpireTime: rule.sessionExpireS,
    HealthCheck: wireHealth(rule.health),
    Certificate: wireCertificate(rule.certificate),
    Scheduler: rule.scheduler,
    ListenerId: rule.listenerId,
    RewriteTarget: null,
    HttpGzip: rule.gzip,
    BeAutoCreated: false,
    DefaultServer: rule.defaultServer,
    Http2: rule.http2,
    ForwardType: 'HTTP',
    CreateTime: wireTime(rule.createdAt),
    TargetType: 'NODE',
    TargetGroup: null,
    TargetGroupList: null,
    WafDomainId: null,
    TrpcCallee: null,
    TrpcFunc: null,
    QuicStatus: 'QUIC_INACTIVE',
    OAuth: null,
    CookieName: rule.cookieName || null,
  };
}
