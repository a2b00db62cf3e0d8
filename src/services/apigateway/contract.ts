// The verbs of the gateway, noun by noun.

import type { Api, ApiConfig, Environment, Release, Service, ServiceDraft, WebSocketPart } from './model.ts';
import type { AppVerbs } from './verbs/apps.ts';
import type { KeyVerbs } from './verbs/keys.ts';
import type { PlanVerbs } from './verbs/plans.ts';
import type { PluginVerbs } from './verbs/plugins.ts';
import type { ReleaseInput } from './verbs/releases.ts';
import type { ApiRef, ServiceRef } from './verbs/scope.ts';
import type { ServiceChange } from './verbs/services.ts';
import type { StrategyVerbs } from './verbs/strategies.ts';
import type { DomainVerbs } from './verbs/subdomains.ts';

export interface GatewayVerbs {
  readonly services: ServiceVerbs;
  readonly apis: ApiVerbs;
  readonly releases: ReleaseVerbs;
  readonly keys: KeyVerbs;
  readonly plans: PlanVerbs;
  readonly apps: AppVerbs;
  readonly strategies: StrategyVerbs;
  readonly plugins: PluginVerbs;
  readonly domains: DomainVerbs;
}

export interface WantedService {
  readonly serviceId?: string;
  readonly name: string;
}

export interface ServiceVerbs {
  create(draft: ServiceDraft): Promise<Service>;
  /** The named service, which must exist, or a new one. */
  ensure(region: string, wanted: WantedService): Promise<{ readonly service: Service; readonly made: boolean }>;
  get(region: string, serviceId: string): Promise<Service>;
  /** Oldest first. */
  list(region: string): Promise<Service[]>;
  modify(ref: ServiceRef, change: ServiceChange): Promise<Service>;
  /** Requests per second of whole environments. */
  limit(ref: ServiceRef, environments: readonly string[], qps: number): Promise<void>;
  remove(region: string, serviceId: string): Promise<void>;
}

export interface ApiVerbs {
  create(region: string, serviceId: string, config: ApiConfig): Promise<Api>;
  modify(ref: ApiRef, config: ApiConfig): Promise<Api>;
  get(ref: ApiRef): Promise<Api>;
  list(region: string, serviceId: string): Promise<Api[]>;
  limit(
    ref: ServiceRef,
    change: { readonly apiIds: readonly string[]; readonly environment: string; readonly qps: number },
  ): Promise<void>;
  /** Which trigger stands for an API or one part of it; undefined: none does any more. No change of the API itself. */
  adopt(ref: ApiRef, triggerId: string | undefined, part?: WebSocketPart): Promise<void>;
  /** Refuses what `remove` would refuse. */
  mayGo(ref: ApiRef): Promise<void>;
  remove(ref: ApiRef): Promise<void>;
  /** Without a question, and out of every environment: together with its function. */
  drop(ref: ApiRef): Promise<void>;
}

/** Changes take effect in an environment here and nowhere else. */
export interface ReleaseVerbs {
  make(input: ReleaseInput): Promise<Release>;
  end(ref: ServiceRef, environment: string): Promise<void>;
  /** Takes one API out of one environment, or of all. */
  withdraw(ref: ApiRef, environment?: Environment): Promise<void>;
  /** What serves now, at most one per environment. */
  list(region: string, serviceId: string): Promise<Release[]>;
  /** All that were made and are not forgotten, newest first. */
  history(ref: ServiceRef): Promise<Release[]>;
  /** An environment serves an earlier version again. */
  switchTo(ref: ServiceRef, environment: string, version: string): Promise<Release>;
}
