// npm and the program as a stranger's shell runs them: nothing of the npm run that runs these tests is inherited.

import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';

/** npm's settings that say how the registry is reached. */
const KEPT = /^npm_config_(registry|cache|userconfig|cafile|https?_proxy|proxy|noproxy|strict_ssl)$/i;

/** What starts from here fetches no interpreters unless it is told to. */
export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|OPENSCF_|NODE_TEST_CONTEXT$|INIT_CWD$)/i.test(name) || KEPT.test(name),
  );
  const path = (process.env.PATH ?? '').split(delimiter).filter(one => !one.includes('node_modules'));
  return {
    ...Object.fromEntries(own),
    PATH: path.join(delimiter),
    LC_ALL: 'C',
    OPENSCF_RUNTIMES: 'installed',
    ...extra,
  };
}

const OUTPUT_BYTES = 16 * 2 ** 20;

/** What it prints; rejects with all that it said when it ends with another code than 0. */
export async function sh(cwd: string, env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env, maxBuffer: OUTPUT_BYTES });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error([message, stdout, stderr].join('\n'));
  }
}
