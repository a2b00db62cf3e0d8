// What stands around a call: which service, action and region are meant, and in which language to answer.

import type { Language } from '../core/errors.ts';
import { fail } from '../core/errors.ts';
import { hostName } from '../http/router.ts';
import type { Service, Services } from './service.ts';

const CLOUD_HOST = '.tencentcloudapi.com';
/** Second labels of the cloud's host names that are no region. */
const NO_REGIONS: ReadonlySet<string> = new Set(['intl', 'internal']);
const REGION = /^[a-z]{2,}-[a-z0-9-]{1,60}$/;

/** Labels of `<service>.tencentcloudapi.com` and `<service>.<region>.tencentcloudapi.com`; undefined for other hosts. */
export function cloudHost(host: string): { readonly service: string; readonly region: string | undefined } | undefined {
  if (!host.endsWith(CLOUD_HOST)) return undefined;
  const [service = '', ...rest] = host.slice(0, -CLOUD_HOST.length).split('.');
  return { service, region: rest.find(label => !NO_REGIONS.has(label)) };
}

export interface Naming {
  /** The Host header. */
  readonly host: string | undefined;
  /** The service in the credential scope, if there is one. */
  readonly scope: string | undefined;
  readonly action: string;
  readonly version: string;
}

/** By host name, else by credential scope, else by version and action; the version has to be the service's. */
export function findService(services: Services, { host, scope, action, version }: Naming): Service {
  const label = cloudHost(hostName(host))?.service;
  if (label !== undefined) {
    const service = services.get(label);
    return service ? checked(service, version) : fail('NoSuchProduct', { service: label });
  }
  const scoped = scope === undefined ? undefined : services.get(scope);
  if (scoped) return checked(scoped, version);
  // tag and sts have the same version: the action decides.
  const ofVersion = [...services.values()].filter(service => service.version === version);
  const [first] = ofVersion;
  if (!first) return fail('NoSuchVersion', { version });
  return ofVersion.find(service => service.has(action) !== 'unknown') ?? first;
}

function checked(service: Service, version: string): Service {
  return service.version === version ? service : fail('NoSuchVersion', { version });
}

/** What the call names, else the host's label, else the setting. */
export function findRegion(named: string | undefined, host: string | undefined, setting: string): string {
  const region = named || cloudHost(hostName(host))?.region || setting;
  return REGION.test(region) ? region : fail('UnsupportedRegion', { region });
}

export function findLanguage(named: string | undefined, setting: Language): Language {
  return named === 'en-US' ? 'en' : named === 'zh-CN' ? 'zh' : setting;
}
