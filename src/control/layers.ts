// Layers: packages of files that functions share, version by version. A version that a function holds stays.

import type { StatusReason } from '../core/function.ts';
import { LICENSE_BYTES, RUNTIMES_PER_LAYER } from '../core/limits.ts';
import type { LayerVersionRow } from '../core/rows.ts';
import { layerVersionOf, userOf } from './binding.ts';
import type { Layers, LayerVersionView, PublishLayer } from './control.ts';
import { fail } from './errors.ts';
import { checkZip } from './packages.ts';
import { type Orders, pageOf } from './paging.ts';
import type { Room } from './room.ts';
import { layerResource } from './tagged.ts';
import { refuseUnsupported } from './unsupported.ts';
import { checkDescription } from './validate.ts';

const LAYER_NAME = /^[A-Za-z]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$/;
/** The documented families: a layer may suit runtimes that this server does not run. */
const RUNTIME = /^(Nodejs|Python|Php|Java|Go|CustomRuntime|CustomImage)[0-9.]*$/;

const ORDERS: Orders<LayerVersionView> = {
  by: { LayerName: row => row.name },
  usual: 'LayerName',
  descending: false,
  code: 'InvalidParameterValue.OrderBy',
  tie: row => row.name,
};

export function layersIn(room: Room): Layers & { resume(): Promise<void> } {
  const { store, clock, log, quotas, runtimes, turns, packages, background, tags } = room;
  const viewOf = (row: LayerVersionRow): LayerVersionView => ({ ...row, tags: tags.of(layerResource(row)) });
  const turn = <R>(region: string, work: () => Promise<R>) => turns.take(`layers/${region}`, work);

  async function addVersion(input: PublishLayer, zip: Buffer): Promise<LayerVersionRow> {
    const { region, name } = input;
    const added = Promise.withResolvers<LayerVersionRow>();
    await packages.keep(zip, code =>
      store.transaction(async rows => {
        const layer = await rows.get('layers', { region, name });
        if (!layer && (await rows.count('layers', { region })) >= quotas.layersPerRegion)
          fail('LimitExceeded.Layers', { region, limit: quotas.layersPerRegion });
        if ((await rows.count('layerVersions', { region, name })) >= quotas.versionsPerLayer)
          fail('LimitExceeded.LayerVersions', { name, limit: quotas.versionsPerLayer });
        const version = (layer?.lastVersion ?? 0) + 1;
        const row: LayerVersionRow = {
          region,
          name,
          version,
          description: input.description ?? '',
          runtimes: [...input.runtimes],
          license: input.license ?? '',
          code,
          status: 'Publishing',
          statusReasons: [],
          addTime: clock.now(),
        };
        await rows.put('layers', { region, name, lastVersion: version });
        await rows.put('layerVersions', row);
        if (input.tags) await tags.write(rows, layerResource(row), input.tags);
        added.resolve(row);
      }),
    );
    return added.promise;
  }

  /** Publishing → Active | PublishFailed, in the background. */
  function begin({ region, name, version }: LayerVersionRow): void {
    const where = { region, name, version };
    const what = { layer: name, version, region };
    background.begin(what, async () => {
      const seen = await store.get('layerVersions', where);
      if (seen?.status !== 'Publishing') return;
      const reason = await background.reason(what, () => runtimes.prepareLayer(seen.code));
      if (reason) log.warn({ ...what, reason }, 'a layer version cannot be used');
      await turn(region, () => settle(seen, reason));
    });
  }

  async function settle(seen: LayerVersionRow, reason: StatusReason | undefined): Promise<void> {
    const { region, name, version } = seen;
    await store.transaction(async rows => {
      const row = await rows.get('layerVersions', { region, name, version });
      // Another node was quicker, or the layer is a new one of the same name.
      if (row?.status !== 'Publishing' || row.code.sha256 !== seen.code.sha256) return;
      const status = reason ? 'PublishFailed' : 'Active';
      await rows.put('layerVersions', { ...row, status, statusReasons: reason ? [reason] : [] });
    });
  }

  return {
    async publish(input) {
      checkLayerName(input.name);
      checkRuntimes(input.runtimes);
      if (input.description !== undefined) checkDescription(input.description);
      checkLicense(input.license ?? '');
      refuseUnsupported(input.wire);
      const { zip } = input;
      if (zip === undefined)
        fail('InvalidParameterValue.Content', {
          zh: '缺少内容，请在 Content.ZipFile 中提供 Base64 编码的 zip 文件，或提供 Content.CosBucketName 与 Content.CosObjectName。',
          en: 'nothing is given; give a Base64-encoded zip file in Content.ZipFile, or Content.CosBucketName and Content.CosObjectName.',
        });
      checkZip(zip);
      const resource = layerResource(input);
      if (input.tags) tags.check(resource, input.tags);
      const row = await turn(input.region, () => addVersion(input, zip));
      await tags.refresh(resource);
      begin(row);
      return viewOf(row);
    },

    get: async (region, ref) => viewOf(await layerVersionOf(store, region, ref)),

    async list(region, query) {
      const { runtime, search = '' } = query;
      const newest = new Map<string, LayerVersionRow>();
      // By key: the last version of a name is its newest.
      for (const row of await store.list('layerVersions', { region }))
        if (!runtime || row.runtimes.includes(runtime)) newest.set(row.name, row);
      const found = [...newest.values()].filter(row => row.name.toLowerCase().includes(search.toLowerCase()));
      return pageOf(found.map(viewOf), query, ORDERS);
    },

    async versions(region, name, suits = []) {
      if (!(await store.get('layers', { region, name }))) fail('ResourceNotFound.Layer', { region, name });
      const rows = await store.list('layerVersions', { region, name }, { descending: true });
      return rows
        .filter(row => suits.length === 0 || suits.some(runtime => row.runtimes.includes(runtime)))
        .map(viewOf);
    },

    async bound({ region, layers }) {
      return Promise.all(layers.map(async layer => viewOf(await layerVersionOf(store, region, layer))));
    },

    async code(region, ref) {
      const { code } = await layerVersionOf(store, region, ref);
      return { code, stream: await packages.stream(code) };
    },

    async delete(region, ref) {
      await turn(region, async () => {
        const gone = await store.transaction(async rows => {
          const row = await layerVersionOf(rows, region, ref);
          const { name, version, status } = row;
          if (status === 'Publishing') fail('FailedOperation.DeleteLayerVersion', { name, version, status });
          const user = await userOf(rows, region, ref);
          if (user !== undefined) fail('ResourceInUse.LayerVersion', { name, version, function: user });
          await rows.remove('layerVersions', { region, name, version });
          if ((await rows.count('layerVersions', { region, name })) === 0) {
            await rows.remove('layers', { region, name });
            await tags.write(rows, layerResource(row), []);
          }
          return row;
        });
        await tags.refresh(layerResource(gone));
        await packages.release([gone.code]);
      });
    },

    async resume() {
      for (const row of await store.list('layerVersions', { status: 'Publishing' })) begin(row);
    },
  };
}

function checkLayerName(name: string): void {
  if (!LAYER_NAME.test(name)) fail('InvalidParameterValue.LayerName', { name });
}

function checkRuntimes(runtimes: readonly string[]): void {
  if (runtimes.length === 0 || runtimes.length > RUNTIMES_PER_LAYER)
    fail('InvalidParameterValue.CompatibleRuntimes', {
      zh: `请给出 1 至 ${RUNTIMES_PER_LAYER} 个运行环境。`,
      en: `name 1 to ${RUNTIMES_PER_LAYER} runtimes.`,
    });
  const unknown = runtimes.find((runtime, index) => !RUNTIME.test(runtime) || runtimes.indexOf(runtime) !== index);
  if (unknown !== undefined)
    fail('InvalidParameterValue.CompatibleRuntimes', {
      zh: `${unknown} 不是运行环境或出现多次。`,
      en: `${unknown} is no runtime, or comes more than once.`,
    });
}

function checkLicense(license: string): void {
  const bytes = Buffer.byteLength(license);
  if (bytes > LICENSE_BYTES)
    fail('InvalidParameterValue.LimitExceeded', { field: 'LicenseInfo', bytes, limit: LICENSE_BYTES });
}
