// The vendor's clients as a stranger installs them, and the way by which their fixed host names lead to a server here.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import tls from 'node:tls';
import type { Callable } from '../fixture.ts';

/** Folder with a node_modules of its own; the suite `clients` makes it. */
const dir = process.env.OPENSCF_CLIENTS;

export const MISSING =
  dir === undefined && 'OPENSCF_CLIENTS names no folder with the clients (.ci/run clients makes one)';

export const requireClient = createRequire(join(dir ?? '/', 'package.json'));

/** What can be done with a client whose types are not at hand. */
export type Verb = (input: object) => Promise<unknown>;

type Connect = typeof tls.connect;

const CLOUD_NAME = /\.(?:tencentcloudapi\.com|myqcloud\.com|tencentcos\.cn)$/;

/**
 * From now on every TLS connection to a name of the Cloud API or of object storage goes to this port. Certificates are the
 * client's to judge: clients of object storage do, and trust `ca` as a process does for which NODE_EXTRA_CA_CERTS names it.
 */
export function leadHere(port: number, ca?: string): Disposable {
  const connect: Connect = tls.connect;
  const redirected = (options: tls.ConnectionOptions, ...rest: never[]): tls.TLSSocket => {
    const name = String(options.host);
    if (!CLOUD_NAME.test(name)) return connect(options, ...rest);
    const trusted = ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] };
    return connect({ ...options, ...trusted, host: '127.0.0.1', port, servername: name }, ...rest);
  };
  tls.connect = redirected as Connect;
  return {
    [Symbol.dispose]() {
      tls.connect = connect;
    },
  };
}

export interface Signing {
  readonly signMethod?: 'TC3-HMAC-SHA256' | 'HmacSHA256' | 'HmacSHA1';
  readonly reqMethod?: 'POST' | 'GET';
}

export type Call = (action: string, input: object) => Promise<unknown>;

/** A client of the official SDK, whose actions go by their names. */
export function clientFor(
  { endpoint, credentials }: Callable,
  service: string,
  version: string,
  signing: Signing = {},
): Call {
  const sdk = requireClient('tencentcloud-sdk-nodejs') as Readonly<
    Record<string, Readonly<Record<string, { Client: new (options: object) => Record<string, Verb> }>>>
  >;
  const Client = sdk[service]?.[version]?.Client;
  if (!Client) throw new Error(`the SDK has no ${service} ${version}`);
  const { signMethod = 'TC3-HMAC-SHA256', reqMethod = 'POST' } = signing;
  const httpProfile = { endpoint: endpoint.replace('http://', ''), protocol: 'http://', reqMethod };
  const profile = { signMethod, language: 'en-US', httpProfile };
  const client = new Client({ credential: credentials, region: 'ap-guangzhou', profile });
  return async (action, input) => {
    const answer = await client[action]?.(input);
    if (!answer) throw new Error(`the SDK has no ${action}`);
    return answer;
  };
}

/** Of the API gateway; gives the answer's Result, where it has one. */
export function gatewayClient(server: Callable, signing: Signing = {}): Call {
  const call = clientFor(server, 'apigateway', 'v20180808', signing);
  return async (action, input) => {
    const answer = (await call(action, input)) as { readonly Result?: unknown };
    return answer.Result ?? answer;
  };
}
