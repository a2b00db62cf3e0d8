// Web functions for whole-product tests: made of files, with URLs of their own.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { EventLife } from '../src/cli/wire.ts';
import { type Scf, settled, until } from './fixture.ts';
import type { TestServer } from './harness.ts';

type Create = Parameters<Scf['CreateFunction']>[0];
type Files = Readonly<Record<string, string>>;

/** Runs `app.js` on the interpreter of the runtime. */
export const NODE_APP = '#!/bin/bash\nexec node app.js\n';

/** As the API takes it. `files` may bring a start file of their own; its mode is set here. */
export async function webZip(files: Files | string): Promise<string> {
  const zip = new ZipFile();
  const tree: Files = { scf_bootstrap: NODE_APP, ...(typeof files === 'string' ? { 'app.js': files } : files) };
  for (const [name, text] of Object.entries(tree)) {
    zip.addBuffer(Buffer.from(text), name, { mode: name === 'scf_bootstrap' ? 0o100755 : 0o100644 });
  }
  zip.end();
  return (await buffer(zip.outputStream)).toString('base64');
}

export async function deployWeb(
  sdk: Scf,
  FunctionName: string,
  files: Files | string,
  more: Partial<Create> = {},
): Promise<void> {
  await sdk.CreateFunction({
    FunctionName,
    Type: 'HTTP',
    Runtime: 'Nodejs18.15',
    Timeout: 60,
    Code: { ZipFile: await webZip(files) },
    ...more,
  });
  const { Status, StatusReasons } = await settled(sdk, FunctionName);
  assert.equal(Status, 'Active', JSON.stringify(StatusReasons));
}

/** Open to all. */
export const OPEN = { AuthType: 'NONE', NetConfig: { EnableIntranet: false, EnableExtranet: true } };

export interface BoundUrl {
  readonly url: string;
  readonly id: string;
  /** As the trigger describes it. */
  readonly net: Readonly<Record<string, string | boolean>>;
}

/** A URL of the function. */
export async function bindUrl(
  sdk: Scf,
  FunctionName: string,
  desc: object = OPEN,
  Qualifier = '$DEFAULT',
): Promise<BoundUrl> {
  const { TriggerInfo } = await sdk.CreateTrigger({
    FunctionName,
    TriggerName: 'url-trigger',
    Type: 'http',
    Qualifier,
    TriggerDesc: JSON.stringify(desc),
    Enable: 'OPEN',
  });
  const { NetConfig } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { readonly NetConfig: BoundUrl['net'] };
  return { url: String(NetConfig.ExtranetHTTPUrl), id: TriggerInfo?.TriggerName ?? '', net: NetConfig };
}

/** The files of `ws`, an independent WebSocket server. */
export function wsFiles(): Files {
  const folder = dirname(createRequire(import.meta.url).resolve('ws/package.json'));
  const files: Record<string, string> = {};
  const names = ['package.json', 'index.js', ...readdirSync(join(folder, 'lib')).map(name => `lib/${name}`)];
  for (const name of names) files[`node_modules/ws/${name}`] = readFileSync(join(folder, name), 'utf8');
  return files;
}

/** How the run of a request ended, once it has. */
export async function endedRun(server: TestServer, requestId: unknown): Promise<EventLife['event']> {
  return until(`the end of ${requestId} is recorded`, async () => {
    const life = await server.get<EventLife>(`/events/${requestId}`).catch(() => undefined);
    return life && !['running', 'waiting'].includes(life.event.state) && life.event;
  });
}
