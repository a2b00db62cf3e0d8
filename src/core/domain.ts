// A host name of one's own in front of functions.

export const DOMAIN_PROTOCOLS = ['HTTP', 'HTTPS', 'HTTP&HTTPS'] as const;
export type DomainProtocol = (typeof DOMAIN_PROTOCOLS)[number];

export interface CustomDomain {
  readonly region: string;
  /** Lower case. */
  readonly domain: string;
  readonly protocol: DomainProtocol;
  /** '' without TLS. */
  readonly certificateId: string;
  readonly endpoints: readonly DomainEndpoint[];
  /** WafConfig as it came; there is no firewall here. */
  readonly waf: unknown;
  /** ms since 1970. */
  readonly addTime: number;
  readonly modTime: number;
}

/** Which function has which paths. */
export interface DomainEndpoint {
  /** `/`, `/x`, `/x/a`: that path; `/*`, `/x/*`: all below. */
  readonly pathMatch: string;
  readonly namespace: string;
  readonly name: string;
  readonly qualifier: string;
  readonly rewrites: readonly PathRewrite[];
}

/** What the function sees in place of the path. */
export interface PathRewrite {
  /** Of the same forms as `pathMatch`. */
  readonly path: string;
  readonly type: 'ExactRules' | 'WildcardRules';
  /** `$1` stands for what the wildcard was. */
  readonly rewrite: string;
}

/** Bound hosts, answered from memory. */
export interface Domains {
  /** `host`: lower case, without the port. */
  find(host: string): CustomDomain | undefined;
}
