// CopyFunction: code, and settings if asked for, under another name, namespace or region. Triggers, versions and aliases stay.

import { type BoundLayer, type FunctionVersion, keyText, LATEST } from '../core/function.ts';
import { shortId } from '../core/ids.ts';
import { INIT_TIMEOUT_S, MEMORY_MB, TIMEOUT_S } from '../core/limits.ts';
import type { Rows } from '../core/ports.ts';
import type { CopyFunction } from './control.ts';
import { fail } from './errors.ts';
import { namespaceOf } from './namespaces.ts';
import type { Removal } from './removal.ts';
import { mustBeWritable, type Room } from './room.ts';
import { checkFree, latestRow, putFunction } from './rows.ts';
import { checkDescription, checkFunctionName, checkNamespace, keyOf } from './validate.ts';
import { NO_PROTOCOL } from './web.ts';

export async function copyIn(room: Room, removal: Removal, input: CopyFunction): Promise<void> {
  const { store, clock, ids, quotas, catalog, turns, packages, transitions } = room;
  const from = keyOf(input.from);
  const to = keyOf(input.to);
  checkNamespace(to.namespace);
  checkFunctionName(to);
  if (input.description !== undefined) checkDescription(input.description);
  if (keyText(from) === keyText(to))
    fail('FailedOperation.CopyFailed', {
      zh: '目标与源函数相同，请更换名称、命名空间或地域。',
      en: 'source and target are the same; change name, namespace or region.',
    });
  const source = catalog.latest(from);
  mustBeWritable(source, 'FailedOperation.FunctionStatusError');
  // Before an existing target is removed.
  await namespaceOf(store, to.region, to.namespace);
  if (input.override === true && catalog.find(to))
    await removal.deleteFunction(to, 'FailedOperation.FunctionStatusError');

  await turns.take(keyText(to), async () => {
    await packages.using(source.code, () =>
      store.transaction(async rows => {
        const current = await latestRow(rows, from);
        if (current.code.sha256 !== source.code.sha256)
          fail('FailedOperation.CopyFailed', {
            zh: '源函数的代码在复制期间发生变化，请重试。',
            en: 'the code of the source changed meanwhile; try again.',
          });
        await checkFree(rows, to, quotas.functionsPerNamespace);
        const now = clock.now();
        const settings = input.copyConfiguration === false ? bare(current) : current;
        const copy: FunctionVersion = {
          ...settings,
          ...to,
          layers: await layersThere(rows, to.region, settings.layers),
          version: LATEST,
          id: `lam-${shortId(ids)}`,
          status: 'Creating',
          statusReasons: [],
          revision: 1,
          addTime: now,
          modTime: now,
        };
        await putFunction(rows, input.description === undefined ? copy : { ...copy, description: input.description });
      }),
    );
    await catalog.changed(to);
  });
  transitions.begin(to, LATEST);
}

/** Without the settings; runtime and handler belong to the code. */
function bare(version: FunctionVersion): FunctionVersion {
  return {
    ...version,
    description: '',
    memoryMB: MEMORY_MB.default,
    timeoutS: TIMEOUT_S.default,
    initTimeoutS: INIT_TIMEOUT_S.default,
    environment: {},
    layers: [],
    asyncRun: false,
    traced: false,
    deadLetter: null,
    ...NO_PROTOCOL,
    role: '',
    echoed: {},
  };
}

/** Layers belong to a region: the same ones have to be where the copy goes. */
async function layersThere(rows: Rows, region: string, layers: readonly BoundLayer[]): Promise<readonly BoundLayer[]> {
  for (const { name, version, code } of layers) {
    const row = await rows.get('layerVersions', { region, name, version });
    if (row?.status !== 'Active' || row.code.sha256 !== code.sha256)
      fail('FailedOperation.CopyFailed', {
        zh: `${region} 地域没有内容相同的层 ${name} 版本 ${version}，请先在该地域发布，或使用 CopyConfiguration=FALSE。`,
        en: `${region} has no version ${version} of the layer ${name} with the same content; publish it there first, or copy with CopyConfiguration=FALSE.`,
      });
  }
  return layers;
}
