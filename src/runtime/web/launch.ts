// From a version of a web function to a starting instance: its start file runs by itself, with nothing of ours inside.

import { existsSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionVersion, StatusReason } from '../../core/function.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Account } from '../../core/trigger.ts';
import { environmentOf } from '../env.ts';
import { failPackage } from '../errors.ts';
import type { InstanceEvents, Living } from '../instance/life.ts';
import { failure, type Verdict } from '../instance/outcomes.ts';
import type { RoleShare } from '../keys.ts';
import type { Choice, Language, Sentence } from '../languages/language.ts';
import type { Assignment, Places, SandboxDriver, SandboxSpec } from '../sandbox/driver.ts';
import { WEB_PORT, webTrial } from '../sandbox/web.ts';
import { ownLines } from './headers.ts';
import { WebInstance } from './instance.ts';
import { readStartFile, START_FILE } from './start-file.ts';
import { LANG_ROOT, type ToolFolders } from './tools.ts';

export interface WebLaunchDeps {
  readonly driver: SandboxDriver;
  readonly tools: ToolFolders;
  readonly account: Account;
  readonly processClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface WebStart {
  readonly version: FunctionVersion;
  readonly language: Language;
  readonly choice: Choice;
  readonly assignment: Assignment;
  readonly concurrency: number;
  readonly role: RoleShare;
  readonly startedAt: number;
  readonly events: InstanceEvents<Living>;
}

export interface WebLauncher {
  /** The instance, or why there can be none. */
  launch(start: WebStart): Promise<Living | Verdict>;
  /** Why the version can never run, as far as its package and this machine tell. */
  check(version: FunctionVersion, codeDir: string): Promise<StatusReason | undefined>;
}

/** The folder is known in the sandbox alone; `exec`, so that the start file has the process to itself. */
const START = 'cd "$1" && exec "./$2"';

export function makeWebLauncher(deps: WebLaunchDeps): WebLauncher {
  const { driver, account, ids, processClock, log } = deps;
  let able: Promise<Sentence | undefined> | undefined;

  /** Tried once, when the first web function comes. */
  async function obstacle(): Promise<Sentence | undefined> {
    able ??= webTrial(driver, processClock);
    const found = await able;
    if (found) able = undefined;
    return found;
  }

  async function specOf({ version, language, choice, assignment, role }: WebStart): Promise<SandboxSpec> {
    const { codeDir, optDir } = assignment;
    const tools = language.tools(choice.interpreter, version.runtime);
    const folder = await deps.tools.folder(tools);
    const places: Places = driver.places ?? { codeDir, optDir: optDir ?? '/opt', tmpDir: '/tmp' };
    const home = driver.places ? `${LANG_ROOT}/${tools.home}` : folder;
    const variables = language.variables(choice.interpreter, places, choice.libraries);
    const env = environmentOf(version, account, places, `/bin/sh`, variables, role.variables);
    return {
      command: '/bin/sh',
      args: ['-c', START, START_FILE, places.codeDir, START_FILE],
      // The user's own PATH is taken as it is.
      env: 'PATH' in version.environment ? env : { ...env, PATH: `${home}/bin:${env.PATH}` },
      shows: [folder, ...tools.shows, ...(choice.libraries === undefined ? [] : [choice.libraries])],
      links: [...new Set([tools.home, ...tools.homes])].map(name => [`${LANG_ROOT}/${name}`, folder] as const),
      memoryMB: version.memoryMB,
      network: 'shared',
      web: WEB_PORT,
      assignment,
    };
  }

  return {
    async launch(start) {
      const { version, choice, assignment, concurrency, role, startedAt, events } = start;
      const file = await readStartFile(assignment.codeDir);
      if (!file) failPackage('noStartFile', { name: START_FILE });
      if (file.fault !== undefined) return failure(405, `ContainerStateExited: ${file.fault}`);
      if (ownNetwork(version)) return failure(436, OWN_NETWORK.en);
      const sandbox = driver.start(await specOf(start));
      try {
        await sandbox.assign(assignment);
      } catch (error) {
        sandbox.kill();
        void sandbox.exited.then(() => sandbox.close());
        throw error;
      }
      const note = [choice.note, role.note, driver.places ? '' : pathNote(file.text)].filter(Boolean).join('\n');
      const token = ids.bytes(16).toString('hex');
      const told = { id: shortId(ids, 12), version, concurrency, token, note, startedAt, renewAt: role.renewAt };
      return new WebInstance({ ...told, ownLines: ownLines(version, account) }, sandbox, processClock, log, events);
    },
    async check(version, codeDir) {
      if (!(await readStartFile(codeDir))) failPackage('noStartFile', { name: START_FILE });
      if (ownNetwork(version)) return unsupported(OWN_NETWORK);
      const found = await obstacle();
      return found && unsupported(found);
    },
  };
}

/** The server has to be reached from outside of its sandbox. */
function ownNetwork({ echoed }: FunctionVersion): boolean {
  const { PublicNetConfig } = echoed as { readonly PublicNetConfig?: { readonly PublicNetStatus?: string } };
  return PublicNetConfig?.PublicNetStatus === 'DISABLE';
}

const OWN_NETWORK: Sentence = {
  zh: 'Web 函数不支持关闭公网访问（PublicNetConfig.PublicNetStatus=DISABLE），请改为 ENABLE。',
  en: 'Web functions cannot do without a public network (PublicNetConfig.PublicNetStatus=DISABLE); set it to ENABLE.',
};

function unsupported({ zh, en }: Sentence): StatusReason {
  return { ErrorCode: 'UnsupportedOperation', ErrorMessage: `${en} ${zh}` };
}

/** Where functions see the machine's own root there is no such folder unless somebody has made it. */
function pathNote(text: string): string {
  const path = /\/var\/lang\/[\w.]+\/bin\/[\w.]+/.exec(text)?.[0];
  if (path === undefined || existsSync(path)) return '';
  const name = path.split('/').at(-1);
  return `[PLATFORM] ${START_FILE} calls ${path}, which is there with sandbox=bwrap alone; call ${name} by its name.`;
}

/** A driver whose machine cannot have web functions refuses them: that is nobody's code. */
export function cannotHere(error: unknown): Verdict | undefined {
  if (!(error instanceof CloudError) || error.code !== 'UnsupportedOperation') return undefined;
  return failure(500, `${error.text('en')} ${error.text('zh')}`);
}
