// Custom domains: kept as rows, answered from memory.

import type { CustomDomain, DomainEndpoint, Domains } from '../core/domain.ts';
import type { Certificates, Tag, TaggedResource } from '../core/ports.ts';
import { fail } from './domain-errors.ts';
import { certificateOf, checkEndpoints, domainName, domainProtocol } from './domain-rules.ts';
import { checkedFilters, type Filter, type Listed, type Orders, type Paging, pageOf } from './paging.ts';
import { type Room, resolve } from './room.ts';

const KIND = 'scf/domain';

export interface DomainInput {
  readonly protocol: string;
  /** '' for none. */
  readonly certificateId: string;
  readonly endpoints: readonly DomainEndpoint[];
  readonly waf: unknown;
}

export interface DomainView {
  readonly domain: CustomDomain;
  readonly tags: readonly Tag[];
}

export interface DomainVerbs extends Domains {
  create(region: string, domain: string, input: DomainInput & { readonly tags: readonly Tag[] }): Promise<void>;
  /** What is left out stays. */
  update(region: string, domain: string, input: Partial<DomainInput>): Promise<void>;
  delete(region: string, domain: string): Promise<void>;
  get(region: string, domain: string): Promise<DomainView>;
  list(
    region: string,
    query: Paging & { readonly filters?: readonly Filter[] | undefined },
  ): Promise<Listed<DomainView>>;
  /** The certificate that was chosen for a host; undefined where there is none. */
  certificateOf(host: string): string | undefined;
}

/** Uploaded certificates, which are asked for before one is removed. */
export type DomainCertificates = Pick<Certificates, 'find'> & {
  askBeforeRemoval?(usedBy: (id: string) => string | undefined): void;
};

const NO_CERTIFICATES: DomainCertificates = { find: () => undefined };

const ORDERS: Orders<CustomDomain> = {
  by: { AddTime: one => one.addTime, ModTime: one => one.modTime },
  usual: 'AddTime',
  descending: true,
  code: 'InvalidParameterValue.OrderBy',
  tie: one => one.domain,
};

/** The documents name none; these are the members of a domain. */
const FILTERS: Readonly<Record<string, (one: CustomDomain, value: string) => boolean>> = {
  Domain: ({ domain }, value) => domain.includes(value.toLowerCase()),
  Protocol: ({ protocol }, value) => protocol === value,
  FunctionName: ({ endpoints }, value) => endpoints.some(({ name }) => name === value),
  Namespace: ({ endpoints }, value) => endpoints.some(({ namespace }) => namespace === value),
  Qualifier: ({ endpoints }, value) => endpoints.some(({ qualifier }) => qualifier === value),
  CertificateId: ({ certificateId }, value) => certificateId === value,
};

export async function domainsIn(room: Room, certificates = NO_CERTIFICATES): Promise<DomainVerbs> {
  const { store, clock, catalog, turns, tags } = room;
  /** A host leads to one place, in whatever region. */
  const byHost = new Map<string, CustomDomain>();
  // This file alone writes these rows.
  for (const row of await store.list('resources', { kind: KIND })) byHost.set(row.id, row.body as CustomDomain);

  /** Functions and certificates that do not exist are refused when they are named; they may go later. */
  function checked(domain: CustomDomain): CustomDomain {
    const { region, endpoints } = domain;
    checkEndpoints(endpoints);
    for (const { namespace, name, qualifier } of endpoints)
      resolve(catalog.held({ region, namespace, name }), qualifier);
    return Object.freeze({ ...domain, certificateId: certificateOf(domain, certificates) });
  }

  function held(region: string, given: string): CustomDomain {
    if (given === '') fail('MissingParameter', { name: 'Domain' });
    const domain = given.toLowerCase();
    const found = byHost.get(domain);
    return found?.region === region ? found : fail('ResourceNotFound', { domain, region });
  }

  async function keep(domain: CustomDomain): Promise<void> {
    const { region, domain: id } = domain;
    await store.put('resources', { kind: KIND, region, id, parent: '', body: domain });
    byHost.set(id, domain);
  }

  // A host is bound once, and a certificate does not go while it is being chosen.
  const turn = <R>(work: () => Promise<R>) => turns.take(KIND, work);
  const viewOf = (domain: CustomDomain): DomainView => ({ domain, tags: tags.of(resourceOf(domain)) });

  certificates.askBeforeRemoval?.(id => {
    const user = [...byHost.values()].find(one => one.certificateId === id);
    return user && `scf ${user.domain}`;
  });

  return {
    find: host => byHost.get(host),

    certificateOf: host => byHost.get(host)?.certificateId || undefined,

    create: (region, given, { tags: wanted, protocol, ...input }) =>
      turn(async () => {
        const domain = domainName(given);
        const twin = byHost.get(domain);
        if (twin) fail('ResourceInUse', { domain, region: twin.region });
        const now = clock.now();
        const times = { addTime: now, modTime: now };
        const made = checked({ region, domain, ...input, protocol: domainProtocol(protocol), ...times });
        // First what may be refused.
        await tags.set(resourceOf(made), wanted);
        await keep(made);
      }),

    update: (region, given, { protocol, ...input }) =>
      turn(async () => {
        const former = held(region, given);
        const next = { ...former, ...input, modTime: clock.now() };
        await keep(checked(protocol === undefined ? next : { ...next, protocol: domainProtocol(protocol) }));
      }),

    delete: (region, given) =>
      turn(async () => {
        const { domain } = held(region, given);
        await store.remove('resources', { kind: KIND, region, id: domain });
        byHost.delete(domain);
        await tags.drop(resourceOf({ region, domain }));
      }),

    get: async (region, given) => viewOf(held(region, given)),

    async list(region, query) {
      const filters = checkedFilters(query.filters, name => Object.hasOwn(FILTERS, name));
      const found = [...byHost.values()].filter(
        one =>
          one.region === region &&
          filters.every(({ name, values }) => values.some(value => FILTERS[name]?.(one, value))),
      );
      const { total, rows } = pageOf(found, query, ORDERS);
      return { total, rows: rows.map(viewOf) };
    },
  };
}

function resourceOf({ region, domain }: Pick<CustomDomain, 'region' | 'domain'>): TaggedResource {
  return { service: 'scf', region, prefix: 'domain', id: domain };
}
