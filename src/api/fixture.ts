// A server of the Cloud API with services made for tests: sockets are real, actions are small. For tests alone.

import { z } from 'zod';
import { TurnableClock } from '../core/clock.ts';
import { SeededIds } from '../core/ids.ts';
import { type Log, NO_LOG } from '../core/log.ts';
import { openFront } from '../http/server.ts';
import { type ActionContext, action, type ServiceTable } from './action.ts';
import type { Answered } from './call.ts';
import { type ApiDeps, apiSite } from './server.ts';
import { bindService } from './service.ts';

export const KEYS = { secretId: 'AKIDEXAMPLE', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' };
export const TEMPORARY = { secretId: 'AKIDTEMPORARY', secretKey: 'tmp-secret', token: 'tmp-token' };
export const TOKEN = 'token-of-the-data-folder';

interface EchoDeps {
  readonly prefix: string;
}

export const EchoRequest = z.object({
  Name: z.string(),
  Count: z.number().int().optional(),
  Ratio: z.number().optional(),
  On: z.boolean().optional(),
  Filters: z.array(z.object({ Name: z.string(), Values: z.array(z.string()) })).optional(),
  Code: z.object({ ZipFile: z.string(), Size: z.number().int().min(1).max(9).optional() }).optional(),
  Either: z.union([z.string(), z.number()]).optional(),
  Kind: z.enum(['a', 'b']).optional(),
});

/** Answers what it was asked. */
const Echo = action({
  request: EchoRequest,
  async handle(request, { prefix, region, language, secretId, requestId }: ActionContext<EchoDeps>) {
    return { Echo: request, Call: { prefix, region, language, secretId, requestId } };
  },
});

const Crash = action({
  request: z.object({}),
  async handle() {
    throw new Error('secret reason');
  },
});

export const SCF: ServiceTable<EchoDeps> = {
  version: '2018-04-16',
  actions: { ListFunctions: Echo, CreateFunction: Echo, DeleteFunction: Crash },
  later: ['PublishLayerVersion'],
};
const TAG: ServiceTable<object> = { version: '2018-08-13', actions: {}, later: ['DescribeTags'] };
const STS: ServiceTable<EchoDeps> = { version: '2018-08-13', actions: { AssumeRole: Echo }, later: [] };

/** `deps` stand in for the fixture's own. */
export async function startApi(deps: Partial<ApiDeps> = {}) {
  const missed: string[] = [];
  const answered: Answered[] = [];
  const logged: { readonly fields: object; readonly text: string }[] = [];
  const note = (fields: object, text: string) => void logged.push({ fields, text });
  const log: Log = { ...NO_LOG, error: note, warn: note };
  const echo = { prefix: 'deps' };
  const site = apiSite({
    services: new Map([
      ['scf', bindService('scf', SCF, echo)],
      ['tag', bindService('tag', TAG, {})],
      ['sts', bindService('sts', STS, echo)],
    ]),
    keys: {
      secretOf: id => (id === KEYS.secretId ? KEYS : id === TEMPORARY.secretId ? TEMPORARY : undefined),
    },
    wallClock: new TurnableClock(),
    ids: new SeededIds(),
    log,
    region: 'ap-guangzhou',
    version: '1.2.3',
    token: TOKEN,
    status: () => ({ version: '1.2.3' }),
    routes: [],
    missed: (service, name) => void missed.push(`${service}:${name}`),
    answered: call => void answered.push(call),
    ...deps,
  });
  const front = await openFront({ host: '127.0.0.1', port: 0, setting: 'portApi', sites: [], fallback: site, log });
  const endpoint = `127.0.0.1:${front.port}`;
  return { front, site, endpoint, url: `http://${endpoint}`, missed, answered, logged };
}

export type Api = Awaited<ReturnType<typeof startApi>>;

export interface ApiAnswer {
  readonly Response: {
    readonly RequestId: string;
    readonly Error?: { readonly Code: string; readonly Message: string };
    readonly Echo?: z.output<typeof EchoRequest>;
    readonly Call?: Readonly<Record<string, string>>;
  };
}
