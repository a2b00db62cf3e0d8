// The verbs on a function as a whole; listing, copying and removing have files of their own.

import { type FunctionVersion, keyText, LATEST } from '../core/function.ts';
import { shortId } from '../core/ids.ts';
import { INIT_TIMEOUT_S, MEMORY_MB, TIMEOUT_S, ZIP_BYTES } from '../core/limits.ts';
import { type AsyncSettings, checkAsyncRun, checkAsyncType, deadLetterOf } from './async.ts';
import { boundLayers, checkLayerRefs, sameLayers } from './binding.ts';
import type { Functions, UpdateConfiguration } from './control.ts';
import { copyIn } from './copy.ts';
import { entryText } from './entry.ts';
import { fail } from './errors.ts';
import { listFunctions, viewOf } from './listing.ts';
import { checkZip } from './packages.ts';
import { pendingRow } from './pending.ts';
import { addVersion, checkVersionQuota } from './publish.ts';
import type { Removal } from './removal.ts';
import { mustBeWritable, type Room, resolve } from './room.ts';
import { checkFree, latestRow, putFunction } from './rows.ts';
import type { RunRoles } from './runroles.ts';
import { functionResource } from './tagged.ts';
import { checkCodeSource, echoOf, refuseUnsupported } from './unsupported.ts';
import {
  checkAsyncPolicy,
  checkDescription,
  checkEnvironment,
  checkFunctionName,
  checkInitTimeout,
  checkMemory,
  checkNamespace,
  checkTimeout,
  handlerOf,
  keyOf,
  WEB_START_FILE,
} from './validate.ts';
import { type FunctionType, functionType, type Protocol, protocolAfter, protocolOf } from './web.ts';

type Settings = Pick<
  UpdateConfiguration,
  'description' | 'memoryMB' | 'timeoutS' | 'initTimeoutS' | 'environment' | 'layers' | 'role' | keyof AsyncSettings
>;

function checkSettings(input: Settings): void {
  if (input.description !== undefined) checkDescription(input.description);
  if (input.memoryMB !== undefined) checkMemory(input.memoryMB);
  if (input.initTimeoutS !== undefined) checkInitTimeout(input.initTimeoutS);
  if (input.environment !== undefined) checkEnvironment(input.environment);
  if (input.layers !== undefined) checkLayerRefs(input.layers);
  if (input.deadLetter) deadLetterOf(input.deadLetter);
}

export function functionsIn(room: Room, removal: Removal, runRoles: Pick<RunRoles, 'check'>): Functions {
  const { store, clock, ids, quotas, runtimes, catalog, turns, packages, transitions, tags } = room;

  function runtimeOf(asked: string | undefined, type: FunctionType): string {
    const runtime = asked || runtimes.defaultRuntime;
    const answer = runtimes.supports(runtime, type);
    if (answer !== 'yes') fail('InvalidParameterValue.Runtime', { ...answer.refused });
    return runtime;
  }

  return {
    async create(input) {
      const key = keyOf(input);
      checkNamespace(key.namespace);
      checkFunctionName(key);
      checkAsyncType(input, input.wire.Type);
      const type = functionType(input.wire);
      refuseUnsupported(input.wire, runtimes.offers, type);
      checkCodeSource(input.wire);
      checkSettings(input);
      const { asyncRun = false, traced = false } = input;
      const timeoutS = input.timeoutS ?? TIMEOUT_S.default;
      const protocol = protocolOf(input.wire, timeoutS);
      checkTimeout(timeoutS, { asyncRun, ...protocol });
      const deadLetter = input.deadLetter ? deadLetterOf(input.deadLetter) : null;
      const runtime = runtimeOf(input.runtime, type);
      const handler = handlerOf(runtime, input.handler, type);
      const echoed = echoOf(input.wire);
      const { zip, role = '' } = input;
      checkZip(zip);
      await runRoles.check(role);
      await turns.take(keyText(key), async () => {
        // Before the package is kept; asked again in the transaction that counts.
        await checkFree(store, key, quotas.functionsPerNamespace);
        const id = `lam-${shortId(ids)}`;
        const resource = functionResource({ region: key.region, id });
        tags.check(resource, input.tags ?? []);
        await packages.keep(zip, code => {
          const now = clock.now();
          const latest: FunctionVersion = {
            ...key,
            version: LATEST,
            id,
            type,
            runtime,
            handler,
            description: input.description ?? '',
            memoryMB: input.memoryMB ?? MEMORY_MB.default,
            timeoutS,
            initTimeoutS: input.initTimeoutS ?? INIT_TIMEOUT_S.default,
            environment: { ...input.environment },
            code,
            layers: [],
            asyncRun,
            traced,
            deadLetter,
            ...protocol,
            role,
            status: 'Creating',
            statusReasons: [],
            echoed,
            revision: 1,
            addTime: now,
            modTime: now,
          };
          return store.transaction(async rows => {
            await checkFree(rows, key, quotas.functionsPerNamespace);
            const layers = await boundLayers(rows, key.region, input.layers ?? []);
            await putFunction(rows, { ...latest, layers });
            await tags.write(rows, resource, input.tags ?? []);
          });
        });
        await tags.refresh(resource);
        await catalog.changed(key);
      });
      transitions.begin(key, LATEST);
    },

    async get(key, qualifier = LATEST) {
      checkNamespace(key.namespace);
      checkFunctionName(key);
      const held = catalog.held(key);
      return viewOf(room, held, resolve(held, qualifier), qualifier);
    },

    list: query => listFunctions(room, query),

    async updateCode(input) {
      const key = keyOf(input);
      const { runtime, handler: former, type } = catalog.latest(key);
      refuseUnsupported(input.wire, runtimes.offers, type);
      checkCodeSource(input.wire);
      const { zip } = input;
      const handler = input.handler ? handlerOf(runtime, input.handler, type) : former;
      checkZip(zip);
      await turns.take(keyText(key), async () => {
        mustBeWritable(catalog.latest(key), 'FailedOperation.UpdateFunctionCode');
        await packages.keep(zip, code =>
          store.transaction(async rows => {
            const latest = await latestRow(rows, key);
            mustBeWritable(latest, 'FailedOperation.UpdateFunctionCode');
            const publish = input.publish === true;
            if (publish) await checkVersionQuota(rows, latest, quotas.versionsPerFunction);
            await rows.put('resources', pendingRow(latest.id, { ...key, code, handler, publish }));
            await rows.put('versions', {
              ...latest,
              status: 'Updating',
              statusReasons: [],
              modTime: clock.now(),
            });
          }),
        );
        await catalog.changed(key);
      });
      transitions.begin(key, LATEST);
    },

    async updateConfiguration(input) {
      const key = keyOf(input);
      refuseUnsupported(input.wire, runtimes.offers, catalog.latest(key).type);
      checkSettings(input);
      const echoed = echoOf(input.wire);
      if (input.role !== undefined) await runRoles.check(input.role);
      const unfinished = await turns.take(keyText(key), async () => {
        const version = await store.transaction(async rows => {
          const latest = await latestRow(rows, key);
          mustBeWritable(latest, 'FailedOperation.FunctionStatusError');
          if (input.runtime && input.runtime !== latest.runtime)
            fail('InvalidParameterValue.Runtime', {
              zh: `函数 ${key.name} 的运行环境为 ${latest.runtime}，创建后不能修改；请新建函数。`,
              en: `The function ${key.name} runs on ${latest.runtime}, which cannot be changed; make a new function.`,
            });
          checkAsyncRun(latest, input);
          checkAsyncType(input, latest.type);
          if (input.timeoutS !== undefined) checkTimeout(input.timeoutS, latest);
          const protocol = protocolAfter(input.wire, latest, input.timeoutS ?? latest.timeoutS);
          const now = clock.now();
          const changed = {
            ...configured(latest, { ...input, ...protocol }, { ...latest.echoed, ...echoed }),
            modTime: now,
          };
          const publish = input.publish === true;
          if (publish) await checkVersionQuota(rows, changed, quotas.versionsPerFunction);
          const layers = input.layers && (await boundLayers(rows, key.region, input.layers));
          if (layers && !sameLayers(layers, latest.layers)) {
            // What is bound has to be looked at together with the code, as a new package would be.
            const { code, handler } = latest;
            await rows.put('resources', pendingRow(latest.id, { ...key, code, handler, layers, publish }));
            await rows.put('versions', { ...changed, status: 'Updating' });
            return LATEST;
          }
          await rows.put('versions', changed);
          return publish ? (await addVersion(rows, changed, '', now)).version : undefined;
        });
        await catalog.changed(key);
        return version;
      });
      if (unfinished !== undefined) transitions.begin(key, unfinished);
    },

    copy: input => copyIn(room, removal, input),

    delete: (key, qualifier) =>
      qualifier ? removal.deleteVersion(key, qualifier) : removal.deleteFunction(key, 'FailedOperation.DeleteFunction'),

    async code(key, qualifier = LATEST) {
      const { code } = resolve(catalog.held(key), qualifier);
      return { code, stream: await packages.stream(code) };
    },

    async entryText(key, qualifier = LATEST) {
      const version = resolve(catalog.held(key), qualifier);
      const path = version.type === 'HTTP' ? WEB_START_FILE : runtimes.entryFile(version);
      // It is read whole; by an object store larger ones come.
      if (path === undefined || version.code.bytes > ZIP_BYTES) return '';
      return entryText(await packages.stream(version.code), path);
    },

    async asyncPolicy(key, qualifier) {
      const held = catalog.held(key);
      if (qualifier) resolve(held, qualifier);
      return held.entry.async;
    },

    async setAsyncPolicy(key, policy) {
      checkAsyncPolicy(policy);
      await turns.take(keyText(key), async () => {
        await store.transaction(async rows => {
          const row = (await rows.get('functions', keyOf(key))) ?? fail('ResourceNotFound.Function', { ...key });
          if ((await latestRow(rows, key)).type === 'HTTP')
            fail('UnsupportedOperation', {
              zh: `函数 ${key.name} 是 Web 函数，只有同步调用，没有异步重试配置。`,
              en: `${key.name} is a web function: it is called synchronously alone and has no retry settings.`,
            });
          const { retryNum, msgTtlS } = policy;
          await rows.put('functions', { ...row, async: { retryNum, msgTtlS } });
        });
        await catalog.changed(key);
      });
    },
  };
}

/** Settings under their wire names that an instance can notice. */
const NOTICED = ['PublicNetConfig', 'InstanceConcurrencyConfig'] as const;

/** Active with the new settings; a new revision when an instance can notice the difference. */
function configured(
  latest: FunctionVersion,
  input: Settings & Protocol,
  echoed: FunctionVersion['echoed'],
): FunctionVersion {
  const { description, memoryMB, timeoutS, initTimeoutS, environment } = latest;
  const next: FunctionVersion = {
    ...latest,
    description: input.description ?? description,
    memoryMB: input.memoryMB ?? memoryMB,
    timeoutS: input.timeoutS ?? timeoutS,
    initTimeoutS: input.initTimeoutS ?? initTimeoutS,
    environment: input.environment ? { ...input.environment } : environment,
    traced: input.traced ?? latest.traced,
    deadLetter: input.deadLetter ? deadLetterOf(input.deadLetter) : latest.deadLetter,
    wsIdleTimeoutS: input.wsIdleTimeoutS,
    role: input.role ?? latest.role,
    echoed,
    status: 'Active',
    statusReasons: [],
  };
  const noticed =
    next.memoryMB !== memoryMB ||
    next.timeoutS !== timeoutS ||
    next.initTimeoutS !== initTimeoutS ||
    next.wsIdleTimeoutS !== latest.wsIdleTimeoutS ||
    next.role !== latest.role ||
    JSON.stringify(next.environment) !== JSON.stringify(environment) ||
    NOTICED.some(name => JSON.stringify(echoed[name]) !== JSON.stringify(latest.echoed[name]));
  return noticed ? { ...next, revision: latest.revision + 1 } : next;
}
