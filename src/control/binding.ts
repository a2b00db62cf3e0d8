// From the layers that a request names to those that a function version holds.

import type { BoundLayer } from '../core/function.ts';
import { LAYERS_PER_VERSION } from '../core/limits.ts';
import type { Rows } from '../core/ports.ts';
import type { LayerVersionRow } from '../core/rows.ts';
import type { LayerRef } from './control.ts';
import { fail } from './errors.ts';
import { PENDING, pendingOf } from './pending.ts';

/** Refuses too many layers, and one that comes twice. */
export function checkLayerRefs(refs: readonly LayerRef[]): void {
  if (refs.length > LAYERS_PER_VERSION)
    fail('InvalidParameterValue.Layers', {
      zh: `共 ${refs.length} 个层，一个函数版本最多绑定 ${LAYERS_PER_VERSION} 个。`,
      en: `it names ${refs.length} layers; a function version holds ${LAYERS_PER_VERSION} at most.`,
    });
  const seen = new Set<string>();
  for (const { name, version } of refs) {
    const text = `${name} ${version}`;
    if (seen.has(text))
      fail('InvalidParameterValue.Layers', {
        zh: `层 ${name} 的版本 ${version} 出现多次，请去除重复项。`,
        en: `version ${version} of ${name} comes more than once; name it once.`,
      });
    seen.add(text);
  }
}

/** Inside a transaction: the layers as they are kept, in the order of the request. */
export async function boundLayers(rows: Rows, region: string, refs: readonly LayerRef[]): Promise<BoundLayer[]> {
  const bound: BoundLayer[] = [];
  for (const ref of refs) {
    const { name, version, status, code } = await layerVersionOf(rows, region, ref);
    if (status !== 'Active')
      fail('InvalidParameterValue.Layers', {
        zh: `层 ${name} 的版本 ${version} 当前状态为 ${status}，只能绑定 Active 的版本。`,
        en: `version ${version} of ${name} is ${status}; only an Active one can be bound.`,
      });
    bound.push({ name, version, code });
  }
  return bound;
}

export function sameLayers(a: readonly BoundLayer[], b: readonly BoundLayer[]): boolean {
  const text = (layers: readonly BoundLayer[]) => layers.map(({ name, version }) => `${name} ${version}`).join();
  return text(a) === text(b);
}

/** The row of one version of a layer; an error when there is none. */
export async function layerVersionOf(
  rows: Rows,
  region: string,
  { name, version }: LayerRef,
): Promise<LayerVersionRow> {
  // A number that is none never becomes a condition of a query.
  const row = Number.isSafeInteger(version) ? await rows.get('layerVersions', { region, name, version }) : undefined;
  if (row) return row;
  if (await rows.get('layers', { region, name })) return fail('ResourceNotFound.LayerVersion', { name, version });
  return fail('ResourceNotFound.Layer', { region, name });
}

/** Inside a transaction: which function holds this version of a layer, or is about to; undefined when none does. */
export async function userOf(rows: Rows, region: string, { name, version }: LayerRef): Promise<string | undefined> {
  const holds = (layers: readonly BoundLayer[]) =>
    layers.some(layer => layer.name === name && layer.version === version);
  for (const found of await rows.list('versions', { region }))
    if (holds(found.layers)) return `${found.namespace}/${found.name} (${found.version})`;
  for (const waiting of (await rows.list('resources', { kind: PENDING, region })).map(pendingOf))
    if (holds(waiting.layers ?? [])) return `${waiting.namespace}/${waiting.name}`;
  return undefined;
}
