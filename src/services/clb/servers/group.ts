// The servers of a rule or of a listener without rules: who gets the next request.

import { createHash } from 'node:crypto';
import type { HealthState } from '../contract.ts';
import type { HealthCheck, Scheduler, Server } from '../model.ts';
import { Look, type LookDeps } from './health.ts';

export interface GroupConfig {
  readonly servers: readonly Server[];
  readonly scheduler: Scheduler;
  readonly health: HealthCheck;
  /** What looks ask for. */
  readonly host: string;
}

/** A server of the group, with what is known of it now. */
export interface Member {
  readonly server: Server;
  /** Stands for it in a cookie. */
  readonly token: string;
  /** Requests or connections under way. */
  active: number;
}

interface Kept extends Member {
  server: Server;
  /** Smooth weighted round robin: rises by the weight with each choice, falls by all weights when chosen. */
  current: number;
  look: Look | undefined;
}

export class ServerGroup {
  readonly #deps: LookDeps;
  readonly #changed: (server: Server, state: HealthState) => void;
  #config: GroupConfig | undefined;
  #members: Kept[] = [];

  constructor(deps: LookDeps, changed: (server: Server, state: HealthState) => void = () => {}) {
    this.#deps = deps;
    this.#changed = changed;
  }

  /** Servers that stay keep their share of the round, their connections and what was found out about them. */
  update(config: GroupConfig): void {
    const before = this.#config;
    const sameCheck =
      before !== undefined &&
      before.host === config.host &&
      JSON.stringify(before.health) === JSON.stringify(config.health);
    const old = new Map(this.#members.map(member => [nameOf(member.server), member]));
    this.#config = config;
    this.#members = config.servers.map(server => {
      const name = nameOf(server);
      const member: Kept = old.get(name) ?? { server, token: tokenOf(name), active: 0, current: 0, look: undefined };
      old.delete(name);
      member.server = server;
      if (!sameCheck) this.#stop(member);
      if (config.health.enabled) member.look ??= this.#look(server, config);
      return member;
    });
    for (const member of old.values()) this.#stop(member);
  }

  /** By the cookie's token if there is one, else by the scheduler. `tried` have just refused a connection. */
  pick(clientAddress: string, token?: string, tried?: ReadonlySet<Member>): Member | undefined {
    const open = this.#members.filter(member => member.server.weight > 0 && !tried?.has(member));
    const fit = open.filter(member => member.look?.state !== 'Dead');
    // Documented: when none is fit, all get requests.
    const candidates = fit.length > 0 ? fit : open;
    if (candidates.length === 0) return undefined;
    const kept = token === undefined ? undefined : candidates.find(member => member.token === token);
    if (kept) return kept;
    switch (this.#config?.scheduler) {
      case 'LEAST_CONN':
        return leastBusy(candidates);
      case 'IP_HASH':
        return byAddress(candidates, clientAddress);
      default:
        return inTurn(candidates);
    }
  }

  stateOf(server: Pick<Server, 'address' | 'port'>): HealthState {
    const member = this.#members.find(one => nameOf(one.server) === nameOf(server));
    return member?.look?.state ?? 'Close';
  }

  close(): void {
    for (const member of this.#members) this.#stop(member);
  }

  #look(server: Server, { health, host }: GroupConfig): Look {
    return new Look(this.#deps, server, health, host, state => this.#changed(server, state));
  }

  #stop(member: Kept): void {
    member.look?.close();
    member.look = undefined;
  }
}

const nameOf = ({ address, port }: Pick<Server, 'address' | 'port'>): string => `${address}:${port}`;
const tokenOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);

function inTurn(candidates: readonly Kept[]): Kept | undefined {
  let total = 0;
  let best: Kept | undefined;
  for (const member of candidates) {
    const { weight } = member.server;
    total += weight;
    member.current += weight;
    if (!best || member.current > best.current) best = member;
  }
  if (best) best.current -= total;
  return best;
}

/** Fewest for its weight; of equals, in turn. */
function leastBusy(candidates: readonly Kept[]): Kept | undefined {
  const load = ({ active, server }: Kept) => active / server.weight;
  const least = Math.min(...candidates.map(load));
  return inTurn(candidates.filter(member => load(member) === least));
}

/** Rendezvous: when a server goes, only its own clients move. */
function byAddress(candidates: readonly Kept[], clientAddress: string): Kept | undefined {
  let best: Kept | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const member of candidates) {
    const hash = createHash('sha256').update(`${clientAddress} ${member.token}`).digest().readUInt32BE(0);
    const score = -member.server.weight / Math.log((hash + 1) / (2 ** 32 + 1));
    if (score > most) {
      most = score;
      best = member;
    }
  }
  return best;
}
