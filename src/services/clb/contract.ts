// The balancer as its management API and its trigger kind see it. All reads are answered from memory.
// Whatever is named and does not exist is refused with the documented code.

import type { Site } from '../../http/site.ts';
import type {
  CustomConfig,
  Forwarding,
  HealthCheck,
  Listener,
  ListenerCertificate,
  ListenerProtocol,
  LoadBalancer,
  Rule,
  Scheduler,
  Server,
} from './model.ts';
import type { Target } from './target.ts';

export interface BalancerDraft {
  /** Its id when left out. */
  readonly name?: string;
  readonly type: LoadBalancer['type'];
  readonly ipVersion?: LoadBalancer['ipVersion'];
  /** An address of the pool that nobody has; the lowest free one when left out. */
  readonly vip?: string;
  readonly echoed?: LoadBalancer['echoed'];
}

export interface BalancerRef {
  readonly region: string;
  readonly loadBalancerId: string;
}

export interface ListenerRef extends BalancerRef {
  readonly listenerId: string;
}

/** By its id, or by domain and path; the id outranks them. */
export interface RuleRef extends ListenerRef {
  readonly locationId?: string;
  readonly domain?: string;
  readonly url?: string;
}

export interface ListenerDraft {
  /** Its id when left out. */
  readonly name?: string;
  readonly protocol: ListenerProtocol;
  readonly port: number;
  readonly certificate?: ListenerCertificate;
  readonly sni?: boolean;
  readonly keepAlive?: boolean;
  /** TCP and TCP_SSL alone. */
  readonly forwarding?: Partial<Omit<Forwarding, 'servers' | 'health'>> & { readonly health?: Partial<HealthCheck> };
  readonly echoed?: Listener['echoed'];
}

/** What is left out stays. */
export type ListenerChange = Omit<ListenerDraft, 'protocol' | 'port'>;

export interface RuleDraft {
  /** At least one; the listener's own address when empty. */
  readonly domains: readonly string[];
  readonly url: string;
  readonly defaultServer?: boolean;
  readonly certificate?: ListenerCertificate;
  readonly http2?: boolean;
  readonly gzip?: boolean;
  readonly scheduler?: Scheduler;
  readonly sessionExpireS?: number;
  readonly cookieName?: string;
  readonly health?: Partial<HealthCheck>;
}

/** What is left out stays. */
export type RuleChange = Pick<RuleDraft, 'gzip' | 'scheduler' | 'sessionExpireS' | 'cookieName' | 'health'> & {
  readonly url?: string;
};

/** Of a domain with all its rules; what is left out stays. */
export interface DomainChange {
  readonly newDomains?: readonly string[];
  readonly certificate?: ListenerCertificate;
  readonly http2?: boolean;
  readonly defaultServer?: true;
  /** With `defaultServer` false of the domain: who is it instead. */
  readonly newDefaultDomain?: string;
}

export type ServerDraft = Pick<Server, 'id' | 'address' | 'port'> & Partial<Pick<Server, 'weight' | 'tag'>>;
/** By address and port, or InstanceId and port. */
export type ServerName = Pick<Server, 'port'> & Partial<Pick<Server, 'id' | 'address'>>;
export type ServerWeight = ServerName & Pick<Server, 'weight'>;

/** A listener of TCP or TCP_SSL, or a rule. */
export type ServersRef = RuleRef;

export interface Balancers {
  create(region: string, draft: BalancerDraft): Promise<LoadBalancer>;
  modify(ref: BalancerRef, change: { readonly name?: string; readonly echoed?: LoadBalancer['echoed'] }): Promise<void>;
  /** With all that they hold. */
  remove(region: string, ids: readonly string[]): Promise<void>;
  need(ref: BalancerRef): LoadBalancer;
  /** Oldest first. */
  list(region: string): readonly LoadBalancer[];
  /** Of all regions. */
  all(): readonly LoadBalancer[];
}

export interface Listeners {
  /** All or none. Resolves when their ports are open. */
  create(ref: BalancerRef, drafts: readonly ListenerDraft[]): Promise<readonly Listener[]>;
  modify(ref: ListenerRef, change: ListenerChange): Promise<void>;
  /** With all that they hold; requests in flight are answered. */
  remove(ref: BalancerRef, ids: readonly string[]): Promise<void>;
  need(ref: ListenerRef): Listener;
  /** Oldest first. */
  list(ref: BalancerRef): readonly Listener[];
}

export interface Rules {
  /** All or none. */
  create(ref: ListenerRef, drafts: readonly RuleDraft[]): Promise<readonly Rule[]>;
  modify(ref: RuleRef, change: RuleChange): Promise<void>;
  modifyDomain(ref: ListenerRef, domain: string, change: DomainChange): Promise<void>;
  /** With `newDefaultDomain` for when the default domain goes; else the oldest that is left becomes it. */
  remove(ref: ListenerRef, locationIds: readonly string[], newDefaultDomain?: string): Promise<void>;
  find(ref: RuleRef): Rule | undefined;
  need(ref: RuleRef): Rule;
  /** Anywhere in a region, by its id alone. */
  byId(region: string, locationId: string): Rule | undefined;
  /** In whichever region. */
  anywhere(locationId: string): Rule | undefined;
  /** Oldest first. */
  list(ref: ListenerRef): readonly Rule[];
}

export interface Targets {
  /** A server that is there already gets the new weight and tag. */
  register(ref: ServersRef, servers: readonly ServerDraft[]): Promise<void>;
  deregister(ref: ServersRef, servers: readonly ServerName[]): Promise<void>;
  weigh(ref: ServersRef, servers: readonly ServerWeight[]): Promise<void>;
  /** The rule's one function. Again with the same trigger: its new weight. */
  registerFunction(ref: RuleRef, target: { readonly triggerId: string; readonly weight?: number }): Promise<Rule>;
  /** Nothing to do when the rule, or the trigger's target in it, is gone. */
  deregisterFunction(ref: RuleRef, triggerId: string): Promise<void>;
  weighFunction(ref: RuleRef, weight: number): Promise<Rule>;
}

/** What is wanted of one region: all that are left out match. */
export interface Within {
  readonly region: string;
  readonly loadBalancerId?: string;
  readonly listenerId?: string;
  readonly locationId?: string;
}

export type ConfigDraft = Pick<CustomConfig, 'name' | 'content'> & Partial<Pick<CustomConfig, 'type'>>;

export interface Configs {
  create(region: string, draft: ConfigDraft): Promise<CustomConfig>;
  modify(region: string, id: string, change: Partial<Pick<CustomConfig, 'name' | 'content'>>): Promise<void>;
  /** Refused while a balancer has it. */
  remove(region: string, id: string): Promise<void>;
  /** Takes effect with the next request; one per balancer, the last wins. */
  bind(region: string, id: string, loadBalancerIds: readonly string[]): Promise<void>;
  unbind(region: string, id: string, loadBalancerIds: readonly string[]): Promise<void>;
  need(region: string, id: string): CustomConfig;
  /** Oldest first. */
  list(region: string): readonly CustomConfig[];
}

/** Alive and Dead as looked at; Unknown until the first looks are over; Close: it is not looked at. */
export type HealthState = 'Alive' | 'Dead' | 'Unknown' | 'Close';

export interface Task {
  /** RequestId of the call that began it. */
  readonly id: string;
  /** 0 done, 1 failed, 2 under way. */
  readonly status: 0 | 1 | 2;
  readonly loadBalancerIds: readonly string[];
  /** Why it failed, or ''. */
  readonly message: string;
}

/** The last ten thousand, in memory: clients ask within two minutes. */
export interface Tasks {
  /** Runs the work of a call; what it throws fails the task and is passed on. */
  run<R>(id: string, loadBalancerIds: readonly string[], work: () => Promise<R>): Promise<R>;
  /** For a call whose work makes the balancers. */
  done(id: string, loadBalancerIds: readonly string[]): void;
  find(id: string): Task | undefined;
}

/** Where a listener answers. */
export interface Place {
  /** Usable from here: the VIP and the port that is open, which may differ from the listener's. */
  readonly host: string;
  readonly port: number;
  readonly open: boolean;
}

/** How many of each there may be. */
export interface Limits {
  /** `shared`: all balancers have one address. */
  readonly pool: { readonly addresses: number; readonly shared: boolean };
  /** Of a balancer, of a listener, of a rule. */
  readonly listeners: number;
  readonly rules: number;
  readonly servers: number;
}

export interface Clb {
  readonly limits: Limits;
  readonly balancers: Balancers;
  readonly listeners: Listeners;
  readonly rules: Rules;
  readonly targets: Targets;
  readonly configs: Configs;
  readonly tasks: Tasks;
  /** The path form `/_clb/<lbId>/<listenerPort>/<path>` for the HTTP edge. */
  readonly site: Site;
  /** What a rule with a function calls, until it is disposed. Without one the rule answers 502. */
  attach(locationId: string, target: Target): Disposable;
  /** Triggers that stand for the rules within: to be detached when those are removed. */
  triggersWithin(within: Within): readonly string[];
  /** Of a server of a rule, or of a listener without rules. */
  health(owner: { readonly id: string }, server: Server): HealthState;
  place(listener: Listener): Place;
  /** Addresses of a rule, the first to print: the path form, then the listener's own with a Host to send. */
  urls(rule: Rule): readonly string[];
  /** `qcs::clb:<short region>:uin/<uin>:<lbId>/<lblId>/<locId>` */
  resourceId(rule: Pick<Rule, 'region' | 'loadBalancerId' | 'listenerId' | 'id'>): string;
  /** Takes functions out of rules whose triggers do not exist; gives how many. For the start, before any trigger is made. */
  sweep(exists: (triggerId: string) => boolean): Promise<number>;
  /** At the start, when the functions of rules are attached. A port that is busy is logged and tried again. */
  open(): Promise<void>;
  /** Requests in flight have `graceMs` to end. */
  close(graceMs?: number): Promise<void>;
}
