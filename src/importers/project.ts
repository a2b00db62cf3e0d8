// A project as it was read, before anything is sent anywhere.

import type { AsyncPolicy } from '../core/function.ts';

export interface Project {
  readonly name: string;
  /** undefined: the caller's region and the default namespace. */
  readonly region?: string | undefined;
  readonly namespace?: string | undefined;
  readonly type?: 'Event' | 'HTTP' | undefined;
  /** Native WebSocket, with seconds without a message after which a connection is ended. */
  readonly webSocket?: { readonly idleTimeoutS: number | undefined } | undefined;
  /** Requests at once in one instance; 1 switches it off. */
  readonly requestsPerInstance?: number | undefined;
  readonly runtime?: string | undefined;
  readonly handler?: string | undefined;
  readonly description?: string | undefined;
  readonly memoryMB?: number | undefined;
  readonly timeoutS?: number | undefined;
  readonly initTimeoutS?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Later ones cover earlier ones; undefined: those of the function stay as they are. */
  readonly layers?: readonly { readonly name: string; readonly version: number }[] | undefined;
  /** Asynchronous execution is chosen when a function is made. */
  readonly asyncRun?: boolean | undefined;
  readonly traced?: boolean | undefined;
  /** All three empty: none. */
  readonly deadLetter?: { readonly type: string; readonly name: string; readonly filterType: string } | undefined;
  /** How asynchronous calls are retried. */
  readonly retries?: AsyncPolicy | undefined;
  /** Settings of CreateFunction without a counterpart here, by their wire names. */
  readonly echoed: Readonly<Record<string, unknown>>;
  readonly source: Source;
  /** undefined: the project says nothing about triggers, so those of the function stay as they are. */
  readonly triggers?: readonly TriggerPlan[] | undefined;
  /** Gateway services with more than CreateTrigger can say. */
  readonly gateways?: readonly GatewayPlan[] | undefined;
}

/** A service of the API gateway and the APIs in it that call this function. */
export interface GatewayPlan {
  readonly serviceId: string | undefined;
  readonly serviceName: string;
  readonly protocol: 'http' | 'https' | 'http&https';
  readonly environment: string;
  /** CreateApi's own fields, the function's name left out where it is this project's. */
  readonly apis: readonly GatewayApi[];
}

export interface GatewayApi {
  readonly path: string;
  readonly method: string;
  /** What CreateApi is to be told, but for the functions. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** By the field that names it; '' for this project's own function. */
  readonly functions: Readonly<Record<string, string>>;
  readonly qualifier: string;
}

export type Source = FolderSource | StoredPackage;

export interface FolderSource {
  /** Relative to the project's file. */
  readonly folder: string;
  /** Globs relative to the folder. */
  readonly exclude: readonly string[];
  /** Where its package is put on the way; undefined: it goes with the request. */
  readonly bucket?: string;
}

/** A zip in the object store of the server. */
export interface StoredPackage {
  readonly bucket: string;
  readonly object: string;
}

/** A zip that goes with the request, one that goes by way of a bucket, or one that is in a bucket already. */
export type Package = { readonly zip: Buffer } | { readonly zip: Buffer; readonly bucket: string } | StoredPackage;

export interface TriggerPlan {
  readonly type: string;
  readonly name: string;
  /** TriggerDesc as CreateTrigger takes it. */
  readonly desc: string;
  readonly enabled: boolean;
  readonly qualifier: string;
  readonly argument: string;
  readonly description: string;
  /** Endpoints of one apigw event live in one gateway service: they share this mark. */
  readonly service?: string;
}

/** A project with its code: all that a deployment needs. */
export interface Plan extends Omit<Project, 'source'> {
  readonly runtime: string;
  readonly handler: string;
  readonly code: Package;
}
