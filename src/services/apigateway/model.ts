// The gateway's nouns: a service has APIs; an environment serves what was last released into it.

export const ENVIRONMENTS = ['test', 'prepub', 'release'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export const API_METHODS = [
  'ANY',
  'BEGIN',
  'GET',
  'POST',
  'DELETE',
  'HEAD',
  'PUT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const;
export type ApiMethod = (typeof API_METHODS)[number];

export const PROTOCOLS = ['http', 'https', 'http&https'] as const;
export type ServiceProtocol = (typeof PROTOCOLS)[number];

/** Documented quotas: services, usage plans and key pairs per account (here: region), APIs and own domains per service. */
export const SERVICES_PER_REGION = 50;
export const APIS_PER_SERVICE = 200;
export const PLANS_PER_REGION = 200;
export const KEYS_PER_REGION = 400;
export const KEYS_PER_PLAN = 50;
export const PLANS_PER_KEY = 10;
export const DOMAINS_PER_SERVICE = 5;
export const MAPPINGS_PER_DOMAIN = 3;
/** Requests per second of an environment of a service unless set otherwise. */
export const SERVICE_QPS = 5000;
export const API_NAME_CHARS = 60;
/** Documented: 15 s unless set, at most 30 minutes. */
export const SERVICE_TIMEOUT_S = { min: 1, max: 1800, default: 15 };

export interface Service {
  /** `service-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly protocol: ServiceProtocol;
  readonly netTypes: readonly ('OUTER' | 'INNER')[];
  /** Requests per second, where it has been set. */
  readonly qps: Readonly<Partial<Record<Environment, number>>>;
  /** Fields without a counterpart here (instance, VPC), given back as they came (wire names). */
  readonly echoed: Readonly<Record<string, unknown>>;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type ServiceDraft = Pick<Service, 'region' | 'name'> &
  Partial<Pick<Service, 'description' | 'protocol' | 'netTypes' | 'echoed'>>;

/** A request parameter that the API declares; only these are told apart in events. */
export interface RequestParameter {
  readonly name: string;
  readonly position: 'HEADER' | 'QUERY' | 'PATH' | 'BODY';
  readonly required: boolean;
  /** For one that is absent and not required. */
  readonly defaultValue: string;
  /** Documentation only. */
  readonly type?: string;
  readonly description?: string;
}

/** When a body is put into the event as Base64. */
export interface Base64Setting {
  readonly enabled: boolean;
  /** Absent: every body. Else those whose header contains one of the values. */
  readonly rules?: readonly Base64Rule[];
}

export interface Base64Rule {
  readonly header: 'accept' | 'content-type';
  readonly values: readonly string[];
}

/** What an API calls. Which function that is stands in the trigger's row alone. */
export interface ScfBackend {
  readonly type: 'SCF';
  readonly triggerId: string;
  /** A web function gets the request as it came. */
  readonly functionType: 'EVENT' | 'HTTP';
  /** The function answers with status, headers and body, not with a bare value. */
  readonly integrated: boolean;
  /** The client has an empty answer at once; the event is queued. */
  readonly async: boolean;
  readonly base64: Base64Setting;
}

/** Three functions serve the connections of a WebSocket API; that for messages must be there. */
export interface WebSocketBackend {
  readonly type: 'WEBSOCKET';
  readonly triggerIds: Readonly<Partial<Record<WebSocketPart, string>>>;
}

export const WEBSOCKET_PARTS = ['register', 'transport', 'cleanup'] as const;
export type WebSocketPart = (typeof WEBSOCKET_PARTS)[number];

/** A plain HTTP server. */
export interface HttpBackend {
  readonly type: 'HTTP';
  /** `http://host[:port]` or https. */
  readonly url: string;
  /** May name path parameters of the API: `/v1/{id}`. */
  readonly path: string;
  readonly method: ApiMethod;
}

export interface MockBackend {
  readonly type: 'MOCK';
  readonly message: string;
}

export type Backend = ScfBackend | WebSocketBackend | HttpBackend | MockBackend;

/** Who may call it. */
export type Auth =
  | { readonly type: 'NONE' | 'SECRET' | 'APP' }
  /** `issuer`: the API that stands for the authorisation server; the other one names it. */
  | { readonly type: 'OAUTH'; readonly business: 'OAUTH'; readonly oauth: OauthConfig }
  | { readonly type: 'OAUTH'; readonly business: 'NORMAL'; readonly issuerApiId: string };

export interface OauthConfig {
  /** JSON Web Key, as text. */
  readonly publicKey: string;
  readonly tokenLocation: string;
  readonly loginRedirectUrl: string;
}

export interface ApiConfig {
  readonly name: string;
  readonly description: string;
  readonly protocol: 'HTTP' | 'WEBSOCKET';
  readonly method: ApiMethod;
  readonly path: string;
  readonly timeoutS: number;
  readonly auth: Auth;
  readonly cors: boolean;
  readonly parameters: readonly RequestParameter[];
  readonly backend: Backend;
  /** Fields that only document the API, kept and given back as they came (wire names). */
  readonly echoed: Readonly<Record<string, unknown>>;
}

export interface Api extends ApiConfig {
  /** `api-xxxxxxxx` */
  readonly id: string;
  readonly serviceId: string;
  /** Requests per second by environment, where it has been set; takes effect without a release. */
  readonly qps: Readonly<Partial<Record<Environment, number>>>;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** What one environment of a service serves: the APIs as they were when they were released. */
export interface Release {
  readonly serviceId: string;
  readonly environment: Environment;
  /** `20200225024116<uuid>` */
  readonly version: string;
  readonly description: string;
  readonly releasedAt: number;
  readonly apis: readonly Api[];
}

/** A key pair of clients of the gateway; not of the Cloud API. */
export interface ApiKey {
  /** SecretId of signatures. */
  readonly id: string;
  readonly secret: string;
  readonly region: string;
  readonly name: string;
  readonly type: 'auto' | 'manual';
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Where something applies: a whole environment of a service, or single APIs there. */
export interface Scoped {
  readonly serviceId: string;
  readonly environment: Environment;
  /** undefined: every API of the service. */
  readonly apiId: string | undefined;
}

export interface UsagePlan {
  /** `usagePlan-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  /** Requests in all, and per second; -1: any number. */
  readonly quota: number;
  readonly qps: number;
  readonly keyIds: readonly string[];
  readonly scopes: readonly Scoped[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** A client that signs as an application. */
export interface ApiApp {
  /** `app-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly key: string;
  readonly secret: string;
  readonly scopes: readonly Scoped[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Which client addresses a service's APIs take. */
export interface IpStrategy {
  /** `IPStrategy-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly serviceId: string;
  readonly name: string;
  readonly type: 'WHITE' | 'BLACK';
  /** Addresses and CIDR blocks. */
  readonly blocks: readonly string[];
  readonly scopes: readonly Scoped[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** Built types only: what has no effect here is refused when it is made. */
export const PLUGIN_TYPES = ['IPControl', 'TrafficControl', 'Cors', 'CustomAuth'] as const;
export type PluginType = (typeof PLUGIN_TYPES)[number];

export interface Plugin {
  /** `plugin-xxxxxxxx` */
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly type: PluginType;
  readonly description: string;
  /** PluginData as it came, JSON text that has been checked for its type. */
  readonly data: string;
  readonly scopes: readonly Scoped[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** A domain of the user's own. */
export interface SubDomain {
  /** Lower case; may begin with `*.`. */
  readonly host: string;
  readonly region: string;
  readonly serviceId: string;
  readonly protocol: ServiceProtocol;
  readonly netType: 'OUTER' | 'INNER';
  /** '' without TLS of its own. */
  readonly certificateId: string;
  readonly forcedHttps: boolean;
  /** undefined: paths begin with the environment, as on the default domain. */
  readonly mappings: readonly PathMapping[] | undefined;
  readonly createdAt: number;
}

export interface PathMapping {
  /** `/`, `/a`, `/a/b` */
  readonly path: string;
  readonly environment: Environment;
}

/** All of them as they are now: a new value after each change. */
export interface Objects {
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly plans: ReadonlyMap<string, UsagePlan>;
  readonly apps: ReadonlyMap<string, ApiApp>;
  readonly ipStrategies: ReadonlyMap<string, IpStrategy>;
  readonly plugins: ReadonlyMap<string, Plugin>;
  /** By host. */
  readonly domains: ReadonlyMap<string, SubDomain>;
}
