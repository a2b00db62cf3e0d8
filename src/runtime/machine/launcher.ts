// From a version to a starting instance: its code, its interpreter, its environment, its process.

import type { Clock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionVersion, StatusReason } from '../../core/function.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Account } from '../../core/trigger.ts';
import type { CodeCache } from '../code/code.ts';
import type { LayerCache } from '../code/layers.ts';
import { contextOf, environmentOf, startEnvironment } from '../env.ts';
import { bothLanguages } from '../errors.ts';
import { Instance } from '../instance/instance.ts';
import type { InstanceEvents, Living } from '../instance/life.ts';
import { failure, type Verdict } from '../instance/outcomes.ts';
import { type KeysOf, roleShare } from '../keys.ts';
import type { Languages } from '../languages/index.ts';
import type { Choice, Language } from '../languages/language.ts';
import type { Assignment, Places, Sandbox, SandboxDriver, SandboxSpec } from '../sandbox/driver.ts';
import { cannotHere, makeWebLauncher } from '../web/launch.ts';
import type { ToolFolders } from '../web/tools.ts';
import type { Slots } from './slots.ts';

export interface Launcher {
  launch(version: FunctionVersion, startedAt: number, events: InstanceEvents<Living>): Promise<Living>;
  /** Brings the code here and looks whether the version could run. */
  check(version: FunctionVersion): Promise<StatusReason | undefined>;
  /** How its sandbox starts, if that is the same for other functions; undefined when it is not or cannot run. */
  generic(version: FunctionVersion): Promise<SandboxSpec | undefined>;
}

export interface LauncherDeps {
  readonly code: CodeCache;
  readonly layers: LayerCache;
  readonly languages: Languages;
  readonly driver: SandboxDriver;
  readonly slots: Slots;
  readonly tools: ToolFolders;
  readonly account: Account;
  readonly keysOf: KeysOf;
  readonly processClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** What bootstraps are told of the cloud's names; undefined when those are left alone. */
  readonly names: () => unknown;
  /** Whether a function may run several events in one instance. */
  readonly concurrencyOf: (version: FunctionVersion) => number;
}

/** The start failed before there was a process. */
export class LaunchError extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) {
    super(verdict.message);
    this.verdict = verdict;
  }
}

export function makeLauncher(deps: LauncherDeps): Launcher {
  const { driver, account } = deps;
  const web = makeWebLauncher(deps);

  /** The user's variables that count at the start make a sandbox of their own. */
  function specOf(version: FunctionVersion, language: Language, choice: Choice): SandboxSpec {
    const { command, args, env, shows } = language.start(choice.interpreter, version.memoryMB);
    const own = Object.entries(version.environment).filter(([name]) => language.countsAtStart(name));
    return {
      command,
      args,
      env: { ...startEnvironment(driver.places), ...env, ...Object.fromEntries(own) },
      shows: choice.libraries === undefined ? shows : [...shows, choice.libraries],
      memoryMB: version.memoryMB,
      network: networkOf(version),
    };
  }

  /** A prepared sandbox that cannot be entered any more is no reason to fail: a fresh one is. */
  async function moveIn(spec: SandboxSpec, assignment: Assignment) {
    const prepared = deps.slots.take(spec);
    if (prepared) {
      try {
        return { sandbox: prepared, places: await assigned(prepared, assignment) };
      } catch (error) {
        deps.log.warn({ err: error }, 'a prepared sandbox could not be used');
      }
    }
    const sandbox = driver.start(driver.lateAssign ? spec : { ...spec, assignment });
    return { sandbox, places: await assigned(sandbox, assignment) };
  }

  return {
    async launch(version, startedAt, events) {
      const language = languageOf(deps.languages, version.runtime);
      try {
        const before = deps.processClock.now();
        const choice = await language.choose(version.runtime);
        // What was waited for a download is no part of the start, nor of its time limit.
        const begunAt = startedAt + deps.processClock.now() - before;
        const [codeDir, optDir] = await Promise.all([
          deps.code.folder(version.code),
          deps.layers.folder(version.layers),
        ]);
        const assignment: Assignment = { codeDir, optDir, memoryMB: version.memoryMB };
        const role = roleShare(version, deps.keysOf, deps.processClock.now());
        if (version.type === 'HTTP') {
          const concurrency = deps.concurrencyOf(version);
          const given = { version, language, choice, assignment, concurrency, role, startedAt: begunAt, events };
          const started = await web.launch(given);
          if ('status' in started) throw new LaunchError(started);
          return started;
        }
        const spec = specOf(version, language, choice);
        const { sandbox, places } = await moveIn(spec, assignment);
        const { env, path } = language.settings(choice.interpreter, places, choice.libraries);
        const concurrency = deps.concurrencyOf(version);
        const settings = {
          handler: version.handler,
          codeDir: places.codeDir,
          env: environmentOf(version, account, places, spec.command, env, role.variables),
          path,
          context: contextOf(version, account),
          concurrency,
          names: deps.names(),
        };
        const token = deps.ids.bytes(16).toString('hex');
        const id = shortId(deps.ids, 12);
        const note = [choice.note, role.note].filter(Boolean).join('\n');
        const spans = { startedAt: begunAt, renewAt: role.renewAt };
        const told = { id, version, codeDir: places.codeDir, settings, concurrency, token, note, ...spans };
        return new Instance(told, sandbox, deps.processClock, deps.log, events);
      } catch (error) {
        throw error instanceof LaunchError ? error : new LaunchError(launchVerdict(error, version, deps.log));
      }
    },
    async check(version) {
      const found = deps.languages.of(version.runtime);
      if ('refused' in found) {
        return { ErrorCode: 'InvalidParameterValue.Runtime', ErrorMessage: `${found.refused.en} ${found.refused.zh}` };
      }
      try {
        const codeDir = await deps.code.folder(version.code);
        await deps.layers.check(version.code, version.layers);
        return version.type === 'HTTP' ? await web.check(version, codeDir) : undefined;
      } catch (error) {
        if (error instanceof CloudError) return { ErrorCode: error.code, ErrorMessage: bothLanguages(error) };
        deps.log.error({ error, function: version.name }, 'a code package could not be unpacked');
        const { message } = error as Error;
        return {
          ErrorCode: 'InternalError.System',
          ErrorMessage: `The code could not be unpacked: ${message} 代码解包失败。`,
        };
      }
    },
    async generic(version) {
      const language = deps.languages.of(version.runtime);
      if (version.type === 'HTTP' || 'refused' in language) return undefined;
      if (Object.keys(version.environment).some(name => language.countsAtStart(name))) return undefined;
      return specOf(version, language, await language.available(version.runtime));
    },
  };
}

async function assigned(sandbox: Sandbox, assignment: Assignment): Promise<Places> {
  try {
    return await sandbox.assign(assignment);
  } catch (error) {
    sandbox.kill();
    void sandbox.exited.then(() => sandbox.close());
    throw error;
  }
}

/** The documented switch for a function without a public network. */
function networkOf({ echoed }: FunctionVersion): SandboxSpec['network'] {
  const { PublicNetConfig } = echoed as { readonly PublicNetConfig?: { readonly PublicNetStatus?: string } };
  return PublicNetConfig?.PublicNetStatus === 'DISABLE' ? 'own' : 'shared';
}

function languageOf(languages: Languages, runtime: string): Language {
  const found = languages.of(runtime);
  if ('refused' in found) throw new LaunchError(failure(436, `${found.refused.en} ${found.refused.zh}`));
  return found;
}

function launchVerdict(error: unknown, version: FunctionVersion, log: Log): Verdict {
  const machine = version.type === 'HTTP' ? cannotHere(error) : undefined;
  if (machine) return machine;
  if (error instanceof CloudError) return failure(443, bothLanguages(error));
  log.error({ error, function: version.name }, 'an instance could not be started');
  return failure(500, `The instance could not be started: ${(error as Error).message}`);
}
