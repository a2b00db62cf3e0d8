// The balancer's nouns: a load balancer has listeners; a listener of HTTP has rules; a rule has servers or one function.

export interface LoadBalancer {
  /** `lb-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly type: 'OPEN' | 'INTERNAL';
  /** Its own address, from the pool. */
  readonly vip: string;
  /** NAT64 is `IPV6` in requests. */
  readonly ipVersion: 'ipv4' | 'ipv6' | 'IPv6FullChain';
  /** Custom configuration, or ''. */
  readonly configId: string;
  /** Fields without a counterpart here, as they came (wire names): VpcId, SubnetId, ProjectId … */
  readonly echoed: Readonly<Record<string, unknown>>;
  /** ms since 1970. */
  readonly createdAt: number;
}

export const LISTENER_PROTOCOLS = ['TCP', 'UDP', 'HTTP', 'HTTPS', 'TCP_SSL', 'QUIC'] as const;
export type ListenerProtocol = (typeof LISTENER_PROTOCOLS)[number];

export interface Listener {
  /** `lbl-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly loadBalancerId: string;
  readonly name: string;
  readonly protocol: ListenerProtocol;
  readonly port: number;
  /** HTTPS without SNI, TCP_SSL. */
  readonly certificate: ListenerCertificate | undefined;
  /** Each domain has a certificate of its own. */
  readonly sni: boolean;
  readonly keepAlive: boolean;
  /** Of TCP and TCP_SSL alone: a listener of HTTP has its servers in rules. */
  readonly forwarding: Forwarding | undefined;
  /** Fields without a counterpart here, kept and given back. */
  readonly echoed: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
}

/** How connections are shared among the servers of a listener without rules. */
export interface Forwarding {
  readonly scheduler: Scheduler;
  /** 0: no session persistence; else connections of one address go to one server for so long. */
  readonly sessionExpireS: number;
  readonly health: HealthCheck;
  readonly servers: readonly Server[];
}

export interface ListenerCertificate {
  readonly mode: 'UNIDIRECTIONAL' | 'MUTUAL';
  /** Ids of the certificate service; two for two kinds of keys. */
  readonly ids: readonly string[];
  /** Of clients, with MUTUAL. */
  readonly caId: string;
}

export type Scheduler = 'WRR' | 'LEAST_CONN' | 'IP_HASH';

/** One domain and path of a listener. */
export interface Rule {
  /** `loc-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly loadBalancerId: string;
  readonly listenerId: string;
  /** Lower case, unless it is a regular expression (`~…`). The first of `domains`. */
  readonly domain: string;
  /** All names of the rule. */
  readonly domains: readonly string[];
  readonly url: string;
  /** The listener's domain for hosts that no rule names. All rules of a domain say the same. */
  readonly defaultServer: boolean;
  /** Of the domain. */
  readonly certificate: ListenerCertificate | undefined;
  readonly http2: boolean;
  readonly gzip: boolean;
  readonly scheduler: Scheduler;
  /** 0: no session persistence. */
  readonly sessionExpireS: number;
  /** '' for the balancer's own. */
  readonly cookieName: string;
  readonly health: HealthCheck;
  readonly target: RuleTarget;
  readonly createdAt: number;
}

export type RuleTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'servers'; readonly servers: readonly Server[] }
  /** Which function that is stands in the trigger's row alone. */
  | { readonly kind: 'function'; readonly triggerId: string; readonly weight: number };

export interface Server {
  /** InstanceId, or the address where it was named by that. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** 0–100; 0 gets nothing. */
  readonly weight: number;
  readonly tag: string;
  readonly registeredAt: number;
}

export interface HealthCheck {
  readonly enabled: boolean;
  /** TCP: that it takes a connection is enough. */
  readonly type: 'HTTP' | 'TCP';
  readonly timeoutS: number;
  readonly intervalS: number;
  /** Looks in a row that change its state. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
  /** Bits: 1 for 1xx, 2 for 2xx, 4 for 3xx, 8 for 4xx, 16 for 5xx. */
  readonly codes: number;
  readonly path: string;
  /** '' for the rule's domain. */
  readonly domain: string;
  readonly method: 'HEAD' | 'GET';
  /** 0 for the server's own. */
  readonly port: number;
}

export const HEALTH_DEFAULTS: HealthCheck = Object.freeze({
  enabled: true,
  type: 'HTTP',
  timeoutS: 2,
  intervalS: 5,
  healthyAfter: 3,
  unhealthyAfter: 3,
  codes: 31,
  path: '/',
  domain: '',
  method: 'HEAD',
  port: 0,
});

/** Custom configuration of layer 7: nginx-like lines, checked when it is made. */
export interface CustomConfig {
  /** `pz-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly type: 'CLB' | 'SERVER' | 'LOCATION';
  readonly content: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Documented. */
export const LISTENERS_PER_BALANCER = 50;
export const RULES_PER_LISTENER = 50;
export const SERVERS_PER_RULE = 100;
export const RESERVED_PORTS = [843, 1020, 1433, 1434, 3306, 3389, 6006, 20000, 36000, 42222, 48369, 56000, 65010];
