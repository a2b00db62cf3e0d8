// Domains of the user's own: which service answers under them, by which paths, with which certificate.

import { isCloudName } from '../../../core/cloudnames.ts';
import type { Certificates } from '../../../core/ports.ts';
import { failGateway } from '../errors.ts';
import { DOMAINS_PER_SERVICE, MAPPINGS_PER_DOMAIN, type PathMapping, PROTOCOLS, type SubDomain } from '../model.ts';
import type { Edit } from '../objects.ts';
import { addressed } from '../routing/address.ts';
import { needApis } from './apis.ts';
import { environmentOf, oneOf, type Room, type ServiceRef } from './scope.ts';

export interface DomainDraft extends ServiceRef {
  readonly host: string;
  readonly protocol: string;
  readonly netType: string;
  /** The service's default domain, which a CNAME record would lead to. */
  readonly defaultDomain: string;
  readonly certificateId?: string | undefined;
  readonly forcedHttps?: boolean | undefined;
  /** undefined: paths begin with the environment. */
  readonly mappings: readonly { readonly path: string; readonly environment: string }[] | undefined;
}

/** Paths are always given; of the rest, what is left out stays as it is. */
export type DomainChange = Pick<DomainDraft, 'mappings'> &
  Partial<Pick<DomainDraft, 'protocol' | 'netType' | 'certificateId' | 'forcedHttps'>>;

export interface DomainRef extends ServiceRef {
  readonly host: string;
}

export interface DomainVerbs {
  bind(draft: DomainDraft): Promise<SubDomain>;
  get(ref: DomainRef): SubDomain;
  /** Of a service, oldest first. */
  list(ref: ServiceRef): Promise<SubDomain[]>;
  modify(ref: DomainRef, change: DomainChange): Promise<void>;
  /** Takes the paths of one environment away. */
  unmap(ref: DomainRef, environment: string): Promise<void>;
  unbind(ref: DomainRef): Promise<void>;
  /** The domain that a certificate serves, if any. */
  usedBy(certificateId: string): SubDomain | undefined;
}

const NET_TYPES = ['OUTER', 'INNER'] as const;
const HOST = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const HOST_CHARS = 253;
const PATH = /^\/[\w\-./~%!$&'()*+,;=:@]*$/;

interface Deps {
  readonly clock: Room['clock'];
  readonly store: Room['store'];
  readonly objects: Room['objects'];
  readonly certificates: Pick<Certificates, 'find'>;
}

export function domainVerbs({ store, objects, clock, certificates }: Deps): DomainVerbs {
  const need = (domains: ReadonlyMap<string, SubDomain>, { host, serviceId }: DomainRef): SubDomain => {
    const domain = domains.get(host.toLowerCase());
    return domain?.serviceId === serviceId
      ? domain
      : failGateway('FailedOperation.DomainNotBindService', { host, serviceId });
  };

  function checkCertificate({ host, certificateId, protocol, forcedHttps }: SubDomain): void {
    const secure = protocol.includes('https');
    if (forcedHttps && !secure) failGateway('UnsupportedOperation.ForceHttps', { host, protocol });
    if (certificateId === '') return;
    const certificate =
      certificates.find(certificateId) ?? failGateway('FailedOperation.CertificateIdError', { certificateId });
    if (certificate.notAfter <= clock.now()) failGateway('FailedOperation.CertificateIdExpired', { certificateId });
    if (!certificate.domains.some(name => covers(name, host))) {
      failGateway('FailedOperation.CertificateIdBindError', {
        certificateId,
        host,
        names: certificate.domains.join(', '),
      });
    }
  }

  return {
    bind: ({ region, serviceId, defaultDomain, ...draft }) =>
      objects.edit(async edit => {
        await needApis(edit.rows, { region, serviceId }, []);
        const host = hostOf(draft.host);
        refuseTaken(edit, host, serviceId);
        if (addressed(defaultDomain.toLowerCase(), '/')?.serviceId !== serviceId) {
          failGateway('FailedOperation.NetSubDomainError', { defaultDomain, serviceId });
        }
        const held = [...edit.objects.domains.values()].filter(domain => domain.serviceId === serviceId);
        if (held.length >= DOMAINS_PER_SERVICE) {
          failGateway('LimitExceeded.ExceededDomainLimit', { limit: DOMAINS_PER_SERVICE });
        }
        const domain: SubDomain = {
          host,
          region,
          serviceId,
          protocol: oneOf('Protocol', draft.protocol, PROTOCOLS),
          netType: oneOf('NetType', draft.netType, NET_TYPES),
          certificateId: draft.certificateId ?? '',
          forcedHttps: draft.forcedHttps ?? false,
          mappings: mappingsOf(draft.mappings),
          createdAt: clock.now(),
        };
        checkCertificate(domain);
        await edit.put('domains', domain);
        return domain;
      }),
    get: ref => need(objects.now().domains, ref),
    async list(ref) {
      await needApis(store, ref, []);
      const all = [...objects.now().domains.values()].filter(domain => domain.serviceId === ref.serviceId);
      return all.sort((a, b) => a.createdAt - b.createdAt || (a.host < b.host ? -1 : 1));
    },
    modify: (ref, change) =>
      objects.edit(async edit => {
        await needApis(edit.rows, ref, []);
        const before = need(edit.objects.domains, ref);
        const domain: SubDomain = {
          ...before,
          ...(change.protocol !== undefined && { protocol: oneOf('Protocol', change.protocol, PROTOCOLS) }),
          ...(change.netType !== undefined && { netType: oneOf('NetType', change.netType, NET_TYPES) }),
          ...(change.certificateId !== undefined && { certificateId: change.certificateId }),
          ...(change.forcedHttps !== undefined && { forcedHttps: change.forcedHttps }),
          mappings: mappingsOf(change.mappings),
        };
        checkCertificate(domain);
        await edit.put('domains', domain);
      }),
    unmap: (ref, environment) =>
      objects.edit(async edit => {
        await needApis(edit.rows, ref, []);
        const before = need(edit.objects.domains, ref);
        const where = environmentOf(environment);
        const left = before.mappings?.filter(mapping => mapping.environment !== where);
        if (!left || left.length === before.mappings?.length) {
          return failGateway('FailedOperation.PathMappingSetError', {
            zh: `域名 ${before.host} 没有环境 ${where} 的路径映射`,
            en: `${before.host} has no path mapping of ${where}`,
          });
        }
        await edit.put('domains', { ...before, mappings: left });
      }),
    unbind: ref =>
      objects.edit(async edit => {
        await needApis(edit.rows, ref, []);
        await edit.remove('domains', need(edit.objects.domains, ref));
      }),
    usedBy: certificateId => [...objects.now().domains.values()].find(domain => domain.certificateId === certificateId),
  };
}

/** `*.` stands for one label. */
function covers(name: string, host: string): boolean {
  if (name === host) return true;
  return name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1);
}

function hostOf(text: string): string {
  const host = text.toLowerCase();
  if (!HOST.test(host) || host.length > HOST_CHARS)
    return failGateway('FailedOperation.SubDomainFormatError', { host });
  // The cloud's names and the gateway's own ones mean something here already.
  if (isCloudName(host) || addressed(host, '/')) return failGateway('FailedOperation.DomainInBlackList', { host });
  return host;
}

function refuseTaken({ objects }: Edit, host: string, serviceId: string): void {
  const holder = objects.domains.get(host);
  if (holder?.serviceId === serviceId) failGateway('FailedOperation.DomainAlreadyBindService', { host, serviceId });
  if (holder) failGateway('FailedOperation.DomainAlreadyBindOtherService', { host, serviceId: holder.serviceId });
}

function mappingsOf(given: DomainDraft['mappings']): readonly PathMapping[] | undefined {
  if (given === undefined) return undefined;
  if (given.length > MAPPINGS_PER_DOMAIN) {
    failGateway('LimitExceeded.ExceededDefineMappingLimit', { limit: MAPPINGS_PER_DOMAIN });
  }
  if (given.length === 0) {
    failGateway('FailedOperation.PathMappingSetError', {
      zh: '自定义路径映射（IsDefaultMapping 为 false）需要 PathMappingSet',
      en: 'mapping of your own (IsDefaultMapping false) needs PathMappingSet',
    });
  }
  const mappings = given.map(({ path, environment }) => ({
    path: pathOf(path),
    environment: environmentOf(environment),
  }));
  const twin = mappings.find((one, at) => mappings.findIndex(({ path }) => path === one.path) !== at);
  if (twin) {
    failGateway('FailedOperation.PathMappingSetError', {
      zh: `路径 ${twin.path} 重复`,
      en: `the path ${twin.path} comes twice`,
    });
  }
  return mappings;
}

/** `/a/` is `/a`. */
function pathOf(text: string): string {
  if (!PATH.test(text)) {
    failGateway('FailedOperation.PathMappingSetError', {
      zh: `路径 ${text} 应以 / 开头`,
      en: `the path ${text} must begin with /`,
    });
  }
  return text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
}
