// Calls of the Cloud API that measures make.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '../src/cli/client.ts';
import type { Urls } from '../src/cli/wire.ts';
import { SystemClock } from '../src/core/clock.ts';
import { zipOf } from '../test/fixture.ts';
import type { Program } from '../test/program.ts';

export const REGION = 'ap-guangzhou';

export type Call = Client['scf'];

export function cloud({ endpoint, secretId, secretKey }: Program): Client {
  const keys = () => ({ secretId, secretKey });
  return new Client({ endpoint, keys, token: undefined, region: REGION, lang: 'en', clock: new SystemClock() });
}

export interface Made {
  readonly FunctionName: string;
  readonly Runtime: string;
  readonly files: Readonly<Record<string, string>>;
}

export async function create(call: Call, { files, ...named }: Made): Promise<void> {
  const ZipFile = (await zipOf(files)).toString('base64');
  await call('CreateFunction', {
    ...named,
    Handler: 'index.main_handler',
    MemorySize: 128,
    Timeout: 5,
    Code: { ZipFile },
  });
}

export async function active(call: Call, FunctionName: string): Promise<void> {
  for (;;) {
    const { Status } = await call('GetFunction', { FunctionName, ShowCode: 'FALSE' });
    if (Status === 'Active') return;
    if (Status !== 'Creating') throw new Error(`${FunctionName} is ${Status}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

/** A function behind API Gateway, integrated response; gives its URL. It has not run yet. */
export async function publish(client: Client, made: Made): Promise<string> {
  const { FunctionName } = made;
  await create(client.scf, made);
  await active(client.scf, FunctionName);
  await client.scf('CreateTrigger', {
    FunctionName,
    TriggerName: 'http',
    Type: 'apigw',
    TriggerDesc: JSON.stringify({
      api: {
        authRequired: 'FALSE',
        requestConfig: { method: 'ANY', path: `/${FunctionName}` },
        isIntegratedResponse: 'TRUE',
      },
      service: { serviceName: 'SCF_API_SERVICE' },
      release: { environmentName: 'release' },
    }),
  });
  const { functions } = await client.get<Urls>('/urls');
  const url = functions.find(one => one.name === FunctionName)?.triggers[0]?.urls[0];
  if (url === undefined) throw new Error(`${FunctionName} has no URL`);
  return url;
}

/** One of bench/functions. */
export async function publishFolder(client: Client, folder: string): Promise<string> {
  const code = await readFile(join(import.meta.dirname, 'functions', folder, 'index.js'), 'utf8');
  return publish(client, { FunctionName: folder, Runtime: 'Nodejs18.15', files: { 'index.js': code } });
}
