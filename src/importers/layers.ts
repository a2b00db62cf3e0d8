// A folder or zip file as the next version of a layer, with the actions that the vendor's own tools use.

import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { DeployOptions } from './call.ts';
import { fail } from './errors.ts';
import { checkSize, zipFolder, zipNames } from './zip.ts';

export interface LayerPlan {
  readonly name: string;
  readonly runtimes: readonly string[];
  readonly description?: string | undefined;
  readonly license?: string | undefined;
  readonly zip: Buffer;
}

const POLL_MS = 100;
const PATIENCE_MS = 120_000;

/** What is at `path` stands at the root of the layer, under /opt. `name` is what a layer without another is called. */
export async function readLayer(path: string): Promise<{ readonly name: string; readonly zip: Buffer }> {
  const found = await stat(path).catch(() => fail('Project.Missing', { path }));
  if (found.isDirectory()) return { name: basename(resolve(path)), zip: await zipFolder(path) };
  const zip = checkSize(await readFile(path));
  // Bytes that are no zip are refused here, not by the server.
  await zipNames(zip, path);
  return { name: basename(path).replace(/\.zip$/i, ''), zip };
}

/** The number of the version, once it can be bound. */
export async function publishLayer(plan: LayerPlan, { call, clock }: DeployOptions): Promise<number> {
  const { LayerVersion } = await call('PublishLayerVersion', {
    LayerName: plan.name,
    CompatibleRuntimes: plan.runtimes,
    Content: { ZipFile: plan.zip.toString('base64') },
    ...(plan.description !== undefined && { Description: plan.description }),
    ...(plan.license !== undefined && { LicenseInfo: plan.license }),
  });
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    const { Status, StatusReasons } = await call('GetLayerVersion', { LayerName: plan.name, LayerVersion });
    if (Status === 'Active') return Number(LayerVersion);
    const told = { name: plan.name, version: Number(LayerVersion), status: String(Status) };
    if (Status !== 'Publishing') fail('Deploy.LayerFailed', { ...told, reason: textOf(StatusReasons) });
    if (clock.now() >= until) fail('Deploy.LayerSlow', { ...told, seconds: PATIENCE_MS / 1000 });
    await clock.sleep(POLL_MS);
  }
}

function textOf(reasons: unknown): string {
  const list = Array.isArray(reasons) ? (reasons as { readonly ErrorMessage?: unknown }[]) : [];
  return list.map(one => String(one.ErrorMessage)).join('; ');
}
