// The three functions: one that works, one that always fails, one that fails the first time.

import { deploy, type Scf } from '../fixture.ts';
import type { Kind } from './ledger.ts';

export const KINDS: readonly Kind[] = ['ok', 'fails', 'flaky'];
export const LETTERS = { Type: 'CMQ-TOPIC', Name: 'faults' };

/** An instance dies with its server, whose process is the parent of the instance's own. */
const code = (port: number) => `
const http = require('http');
const agent = new http.Agent({ keepAlive: true });
const server = process.ppid;
const kind = process.env.SCF_FUNCTIONNAME;
function report(path, fields) {
  const query = new URLSearchParams({ ...fields, kind, server }).toString();
  return new Promise((resolve, reject) => {
    const request = http.get({ agent, host: '127.0.0.1', port: ${port}, path: path + '?' + query }, answer => {
      let text = '';
      answer.on('data', chunk => { text += chunk; }).on('end', () => resolve(JSON.parse(text))).on('error', reject);
    });
    request.on('error', reject);
  });
}
exports.main_handler = async (event, context) => {
  const id = context.request_id;
  const { number, fails, ms } = await report('/begin', { id });
  await new Promise(done => setTimeout(done, ms));
  await report('/end', { id, number, failed: fails });
  if (fails) throw new Error('as it is meant to');
  return number;
};
`;

export async function deployKinds(sdk: Scf, port: number): Promise<void> {
  for (const kind of KINDS) {
    await deploy(sdk, kind, code(port), {
      // What ends these runs early is a server's end.
      Timeout: 900,
      MemorySize: 128,
      InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 32 },
      ...(kind === 'fails' && { DeadLetterConfig: LETTERS }),
    });
  }
  const retries = { ok: 2, fails: 0, flaky: 1 };
  for (const FunctionName of KINDS) {
    const AsyncTriggerConfig = {
      RetryConfig: [{ RetryNum: retries[FunctionName] }],
      MsgTTL: 21_600,
    };
    await sdk.UpdateFunctionEventInvokeConfig({ FunctionName, AsyncTriggerConfig });
  }
}
