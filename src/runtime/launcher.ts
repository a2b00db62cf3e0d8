// From a version to a starting instance: its code, its interpreter, its environment, its process.

import type { Clock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { FunctionVersion, StatusReason } from '../core/function.ts';
import { type Ids, shortId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Account } from '../core/trigger.ts';
import type { CodeCache } from './code.ts';
import { contextOf, environmentOf } from './env.ts';
import { bothLanguages } from './errors.ts';
import { Instance, type InstanceEvents } from './instance.ts';
import type { Languages } from './languages/index.ts';
import type { Language } from './languages/language.ts';
import type { LayerCache } from './layers.ts';
import { failure, type Verdict } from './outcomes.ts';
import type { SandboxDriver } from './sandbox/driver.ts';

export interface Launcher {
  launch(version: FunctionVersion, startedAt: number, events: InstanceEvents): Promise<Instance>;
  /** Brings the code here and looks whether the version could run. */
  check(version: FunctionVersion): Promise<StatusReason | undefined>;
}

export interface LauncherDeps {
  readonly code: CodeCache;
  readonly layers: LayerCache;
  readonly languages: Languages;
  readonly driver: SandboxDriver;
  readonly account: Account;
  readonly processClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
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
  return {
    async launch(version, startedAt, events) {
      const language = languageOf(deps.languages, version.runtime);
      try {
        const [codeDir, choice] = await Promise.all([deps.code.folder(version.code), language.choose(version.runtime)]);
        const { command, args, env } = language.launch(version, choice.interpreter, codeDir);
        const sandbox = deps.driver.start({
          command,
          args,
          codeDir,
          env: environmentOf(version, deps.account, codeDir, command, env),
        });
        const spec = {
          id: shortId(deps.ids, 12),
          version,
          codeDir,
          context: contextOf(version, deps.account),
          token: deps.ids.bytes(16).toString('hex'),
          note: choice.note,
          startedAt,
        };
        return new Instance(spec, sandbox, deps.processClock, deps.log, events);
      } catch (error) {
        throw new LaunchError(launchVerdict(error, version, deps.log));
      }
    },
    async check(version) {
      if (version.type === 'HTTP') return WEB_FUNCTION;
      const found = deps.languages.of(version.runtime);
      if ('refused' in found) {
        return { ErrorCode: 'InvalidParameterValue.Runtime', ErrorMessage: `${found.refused.en} ${found.refused.zh}` };
      }
      try {
        await deps.code.folder(version.code);
        await deps.layers.check(version.code, version.layers);
        return undefined;
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
  };
}

const WEB_FUNCTION: StatusReason = Object.freeze({
  ErrorCode: 'UnsupportedOperation',
  ErrorMessage:
    'Web functions (Type=HTTP) cannot be run yet; use an event function. 暂不支持运行 Web 函数（Type=HTTP），请使用事件函数。',
});

function languageOf(languages: Languages, runtime: string): Language {
  const found = languages.of(runtime);
  if ('refused' in found) throw new LaunchError(failure(436, `${found.refused.en} ${found.refused.zh}`));
  return found;
}

function launchVerdict(error: unknown, version: FunctionVersion, log: Log): Verdict {
  if (error instanceof CloudError) return failure(443, bothLanguages(error));
  log.error({ error, function: version.name }, 'an instance could not be started');
  return failure(500, `The instance could not be started: ${(error as Error).message}`);
}
