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

/** Documented quotas: services per account (here: region), APIs per service. */
export const SERVICES_PER_REGION = 50;
export const APIS_PER_SERVICE = 200;
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
  /** ms since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type ServiceDraft = Pick<Service, 'region' | 'name'> & Partial<Pick<Service, 'description' | 'protocol'>>;

/** A request parameter that the API declares; only these are told apart in events. */
export interface RequestParameter {
  readonly name: string;
  readonly position: 'HEADER' | 'QUERY' | 'PATH';
  readonly required: boolean;
  /** For one that is absent and not required. */
  readonly defaultValue: string;
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
  /** The function answers with status, headers and body, not with a bare value. */
  readonly integrated: boolean;
  readonly base64: Base64Setting;
}

export type Backend = ScfBackend;

export interface ApiConfig {
  readonly name: string;
  readonly description: string;
  readonly method: ApiMethod;
  readonly path: string;
  readonly timeoutS: number;
  readonly cors: boolean;
  readonly parameters: readonly RequestParameter[];
  readonly backend: Backend;
}

export interface Api extends ApiConfig {
  /** `api-xxxxxxxx` */
  readonly id: string;
  readonly serviceId: string;
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
