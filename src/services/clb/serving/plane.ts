// What listeners serve now: made anew from the objects after each change of them. Requests in flight keep what they began with.

import type { Log } from '../../../core/log.ts';
import type { Listener, LoadBalancer, Rule, Server } from '../model.ts';
import type { Edit, Objects } from '../objects.ts';
import { compileRoutes } from '../routing/routes.ts';
import { ServerGroup } from '../servers/group.ts';
import type { LookDeps } from '../servers/health.ts';
import { parseSettings } from '../settings/directives.ts';
import { DEFAULT_SETTINGS, type Settings } from '../settings/settings.ts';
import type { LiveListener, LiveRule } from './arrival.ts';
import { droppedNames } from './headers.ts';

export interface PlaneDeps extends LookDeps {
  readonly objects: Objects;
  readonly log: Log;
  /** A listener is served otherwise from now on. */
  readonly changed: (live: LiveListener) => void;
}

export class Plane {
  readonly #deps: PlaneDeps;
  readonly #lives = new Map<string, LiveListener>();
  /** By rule, or by listener without rules. */
  readonly #groups = new Map<string, ServerGroup>();

  constructor(deps: PlaneDeps) {
    this.#deps = deps;
    for (const listener of deps.objects.list('clb/listener')) this.#make(listener);
  }

  live(listenerId: string): LiveListener | undefined {
    return this.#lives.get(listenerId);
  }

  group(ownerId: string): ServerGroup | undefined {
    return this.#groups.get(ownerId);
  }

  /** Takes up an edit that has been written. */
  apply(edit: Edit): void {
    const { objects } = this.#deps;
    const touched = new Map<string, Listener>();
    const touch = (listener: Listener | undefined) => listener && touched.set(listener.id, listener);
    const touchAll = (balancers: readonly LoadBalancer[]) => {
      for (const balancer of balancers) for (const listener of objects.listenersOf(balancer)) touch(listener);
    };
    const gone: string[] = [];
    for (const { kind, region, id, body } of edit.changes) {
      const before = objects.find(kind, region, id);
      if (kind === 'clb/listener') touch((body ?? before) as Listener);
      else if (kind === 'clb/balancer' && before) touchAll([before as LoadBalancer]);
      else if (kind === 'clb/config') touchAll(objects.list('clb/balancer', one => one.configId === id));
      else if (kind === 'clb/rule') touch(objects.find('clb/listener', region, ((body ?? before) as Rule).listenerId));
      if (!body) gone.push(id);
    }
    objects.apply(edit);
    for (const id of gone) {
      this.#groups.get(id)?.close();
      this.#groups.delete(id);
    }
    for (const { region, id } of touched.values()) {
      const listener = objects.find('clb/listener', region, id);
      if (listener) this.#make(listener);
      else this.#lives.delete(id);
    }
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
  }

  #make(listener: Listener): void {
    const { objects } = this.#deps;
    const balancer = objects.find('clb/balancer', listener.region, listener.loadBalancerId);
    if (!balancer) return;
    const settings = this.#settingsOf(balancer);
    const { gzip, gzipTypes: types, gzipAboveBytes: aboveBytes } = settings;
    const live: LiveListener = Object.freeze({
      listener,
      balancer,
      settings,
      gzip: gzip ? { types, aboveBytes } : undefined,
      routes: compileRoutes(objects.rulesOf(listener).map(rule => this.#rule(rule))),
      dropped: droppedNames(settings),
    });
    if (listener.forwarding)
      this.#update(listener.id, listener.forwarding.servers, { ...listener.forwarding, host: '' });
    this.#lives.set(listener.id, live);
    this.#deps.changed(live);
  }

  #rule(rule: Rule): LiveRule {
    const { domains, url, defaultServer, target } = rule;
    const servers = target.kind === 'servers' ? target.servers : undefined;
    // A pattern is no name that a server could be asked for.
    const host = rule.domains.find(domain => !/[*~]/.test(domain)) ?? '';
    const group = this.#update(rule.id, servers, { ...rule, host });
    return { domains, url, defaultServer, rule, group };
  }

  #update(
    ownerId: string,
    servers: readonly Server[] | undefined,
    config: Pick<Rule, 'scheduler' | 'health'> & { readonly host: string },
  ): ServerGroup | undefined {
    let group = this.#groups.get(ownerId);
    if (!servers) {
      group?.close();
      this.#groups.delete(ownerId);
      return undefined;
    }
    if (!group) {
      const { log } = this.#deps;
      group = new ServerGroup(this.#deps, ({ address, port }, state) =>
        log.info({ ownerId, address, port, state }, 'the health of a server behind a load balancer changed'),
      );
      this.#groups.set(ownerId, group);
    }
    const { scheduler, health, host } = config;
    group.update({ servers, scheduler, health, host });
    return group;
  }

  #settingsOf({ region, configId }: LoadBalancer): Settings {
    const config = configId === '' ? undefined : this.#deps.objects.find('clb/config', region, configId);
    return config ? parseSettings(config.content) : DEFAULT_SETTINGS;
  }
}
