// Calls of the Cloud API that measures make.

import { Client } from '../src/cli/client.ts';
import { SystemClock } from '../src/core/clock.ts';
import { zipOf } from '../test/fixture.ts';
import type { Program } from '../test/program.ts';

export const REGION = 'ap-guangzhou';

export type Call = Client['scf'];

export function cloud({ endpoint, secretId, secretKey }: Program): Call {
  const keys = () => ({ secretId, secretKey });
  return new Client({ endpoint, keys, token: undefined, region: REGION, lang: 'en', clock: new SystemClock() }).scf;
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

interface Result {
  readonly RetMsg: string;
  readonly InvokeResult: number;
}

/** The handler's answer; rejects when the function failed. */
export async function invoke(call: Call, FunctionName: string): Promise<unknown> {
  const { RetMsg, InvokeResult } = (await call('InvokeFunction', { FunctionName, Event: '{}' })).Result as Result;
  if (InvokeResult !== 0) throw new Error(`${FunctionName}: ${RetMsg}`);
  return JSON.parse(RetMsg);
}
