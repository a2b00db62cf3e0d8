// For tests: functions behind every front, which do as the request says.

import { BUCKET, cosOf } from './cos.ts';
import { deploy, type Scf } from './fixture.ts';
import type { TestServer } from './harness.ts';
import { deployWeb } from './web.ts';

export interface FrontAddress {
  readonly name: string;
  readonly url: string;
  /** With the port. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** 127.0.0.1 when left out. */
  readonly address?: string;
}

/** CreateTrigger's Type and TriggerDesc of each front, open to everybody. */
export const FRONTS = {
  'API Gateway': ['apigw', { api: { isIntegratedResponse: 'TRUE', requestConfig: { method: 'ANY' } } }],
  'load balancer': ['clb', { loadBalancerName: 'front', protocol: 'HTTP', port: 8123, domain: 'www.example.com' }],
  'function URL': ['http', { AuthType: 'NONE', NetConfig: { EnableIntranet: false, EnableExtranet: true } }],
} as const;

interface Described {
  readonly service?: { readonly subDomain: string };
  readonly NetConfig?: { readonly ExtranetHTTPUrl: string };
  readonly accessUrl?: string;
}

/** Puts a trigger on the function and tells where it is reached, by its path form. */
export async function openTo(sdk: Scf, FunctionName: string, name: keyof typeof FRONTS): Promise<FrontAddress> {
  const [Type, desc] = FRONTS[name];
  const TriggerDesc = JSON.stringify(desc);
  const made = await sdk.CreateTrigger({ FunctionName, TriggerName: Type, Type, TriggerDesc, Enable: 'OPEN' });
  const { service, NetConfig, accessUrl } = JSON.parse(made.TriggerInfo?.TriggerDesc ?? '') as Described;
  const address = service?.subDomain ?? NetConfig?.ExtranetHTTPUrl ?? accessUrl ?? '';
  const { href, host, port, pathname } = new URL(address);
  return { name, url: href, host, port: Number(port), path: pathname };
}

/** `x-do` is what it does; the reply's `X-Mark` is the request's, and so is the beginning of its body. */
const OBEDIENT = `
exports.main_handler = async event => {
  const headers = Object.fromEntries(Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { 'x-do': work, 'x-mark': mark } = headers;
  if (work === 'fail') throw new Error('as it was asked to');
  if (work === 'wait') await new Promise(done => setTimeout(done, 100));
  const body = work === 'tell' ? JSON.stringify(event) : work === 'much' ? 'x'.repeat(4e6) : mark + ' ' + (event.body || '');
  return { isBase64Encoded: false, statusCode: 200, headers: { 'Content-Type': 'text/plain', 'X-Mark': String(mark) }, body };
};`;

export const deployObedient = (sdk: Scf): Promise<void> => deploy(sdk, 'obedient', OBEDIENT);

/** Gives back what it gets, marked as the request is. */
const PASSING = `
require('node:http').createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'X-Mark': String(request.headers['x-mark']) });
  response.write(request.url + ' ');
  request.pipe(response);
}).listen(9000, '0.0.0.0');`;

export function deployPassing(sdk: Scf): Promise<void> {
  const InstanceConcurrencyConfig = { DynamicEnabled: 'FALSE', MaxConcurrency: 100 };
  return deployWeb(sdk, 'passing', PASSING, { InstanceConcurrencyConfig });
}

/** The object store, by an object that anybody may read and nobody may write. */
export async function openStore(server: TestServer): Promise<FrontAddress> {
  const { done, port } = await cosOf(server);
  await done('/', { method: 'PUT', headers: { 'x-cos-acl': 'public-read' } });
  await done('/object', { method: 'PUT', body: 'content' });
  const host = `127.0.0.1:${port}`;
  const path = `/${BUCKET}/object`;
  return { name: 'object store', url: `http://${host}${path}`, host, port, path };
}
