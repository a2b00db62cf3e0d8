// What a function sees of the platform: environment variables and the context of a run.
// Names are the documented ones; paths are the real ones of this machine.

import { existsSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import type { FunctionVersion } from '../core/function.ts';
import type { Account } from '../core/trigger.ts';
import type { Places } from './sandbox/driver.ts';

/** Where the cloud has the code; what a stack shows. */
export const USER_ROOT = '/var/user';
const HOME = existsSync('/home/qcloud') ? '/home/qcloud' : tmpdir();

/** A locale that is not installed makes every shell complain. */
const LOCALE =
  process.platform !== 'linux' ||
  existsSync('/usr/lib/locale/en_US.utf8') ||
  existsSync('/usr/lib/locale/locale-archive')
    ? 'en_US.UTF8'
    : 'C.UTF-8';

/** What a process starts with before its function is known: what counts at no later time. */
export function startEnvironment(places: Places | undefined): Record<string, string> {
  return {
    LANG: LOCALE,
    LC_ALL: LOCALE,
    HOME: places?.codeDir === USER_ROOT ? '/home/qcloud' : HOME,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    TZ: 'UTC',
    ...(places && { LD_LIBRARY_PATH: `${places.codeDir}:${places.optDir}` }),
  };
}

/** The user's own variables win; the platform's prefixes are refused when a function is made. */
export function environmentOf(
  version: FunctionVersion,
  account: Account,
  places: Places,
  command: string,
  language: Readonly<Record<string, string>>,
  role: Readonly<Record<string, string>>,
): Record<string, string> {
  const { codeDir, optDir, tmpDir } = places;
  return {
    ...startEnvironment(places),
    _SCF_SERVER_PORT: '28902',
    TENCENTCLOUD_RUNENV: 'SCF',
    USER_CODE_ROOT: `${codeDir}/`,
    PWD: codeDir,
    _: command,
    LOGNAME: 'qcloud',
    USER: 'qcloud',
    SHELL: '/bin/bash',
    SHLVL: '3',
    ...(tmpDir === '/tmp' ? {} : { TMPDIR: tmpDir }),
    LD_LIBRARY_PATH: `${codeDir}:${optDir}`,
    HOSTNAME: hostname(),
    SCF_RUNTIME: version.runtime,
    SCF_FUNCTIONNAME: version.name,
    SCF_FUNCTIONVERSION: version.version,
    SCF_NAMESPACE: version.namespace,
    TENCENTCLOUD_REGION: version.region,
    TENCENTCLOUD_APPID: account.appId,
    TENCENTCLOUD_UIN: account.uin,
    TENCENTCLOUD_TZ: 'UTC',
    ...role,
    TZ: 'UTC',
    ...language,
    ...version.environment,
  };
}

/** The context without its request id, which is put in its place for each run. */
export function contextOf(version: FunctionVersion, account: Account): Record<string, string | number> {
  const variables: Record<string, string> = { SCF_NAMESPACE: version.namespace, ...version.environment };
  return {
    memory_limit_in_mb: version.memoryMB,
    time_limit_in_ms: version.timeoutS * 1000,
    request_id: '',
    environment: JSON.stringify(variables),
    environ: Object.entries(variables)
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
    function_version: version.version,
    function_name: version.name,
    namespace: version.namespace,
    tencentcloud_region: version.region,
    tencentcloud_appid: account.appId,
    tencentcloud_uin: account.uin,
  };
}
