// npm and pip as they are on this machine, run with nothing of their output but its reasons.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export interface Run {
  readonly ok: boolean;
  /** stdout and stderr. */
  readonly output: string;
}

export interface Program {
  readonly command: string;
  readonly first: readonly string[];
}

/** All libraries of a runtime over a slow line. */
const TOOL_MS = 15 * 60_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;
/** What an outer `npm run` has set for itself would change where an inner npm installs. */
const NOT_PASSED = /^(npm_config_(global|prefix|location|local_prefix)|PYTHONPATH|PYTHONHOME|NODE_OPTIONS)$/i;

export function run(
  { command, first }: Program,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Run> {
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_PASSED.test(name)));
  return new Promise(resolve => {
    execFile(
      command,
      [...first, ...args],
      { env: passed, timeout: TOOL_MS, maxBuffer: OUTPUT_BYTES },
      (error, stdout, stderr) => {
        const killed = error?.killed ? `\ngiven up after ${TOOL_MS / 60_000} min` : '';
        const unstarted = error && stdout + stderr === '' ? error.message : '';
        resolve({ ok: error === null, output: `${stdout}\n${stderr}${unstarted}${killed}` });
      },
    );
  });
}

/** The npm that runs this program, the one of its Node.js, or the one on PATH. */
export function findNpm(env: NodeJS.ProcessEnv = process.env, node = process.execPath): Program | undefined {
  const beside = join(dirname(dirname(node)), 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const script = [env.npm_execpath ?? '', beside].find(path => /npm-cli\.c?js$/.test(path) && existsSync(path));
  if (script !== undefined) return { command: node, first: [script] };
  const program = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map(folder => join(folder, 'npm'))
    .find(path => existsSync(path));
  return program === undefined ? undefined : { command: program, first: [] };
}

/** The line that says why, of all that a tool prints. */
export function reasonOf(output: string): string {
  const lines = output
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !/^(npm )?(warn|notice)/i.test(line) && !/complete log of this run/.test(line));
  const told = lines.find(line => /no matching|not found|could not|failed|error:/i.test(line)) ?? lines.at(-1) ?? '';
  return told.replace(/\s*\(from versions:.*\)/, '').slice(0, 300);
}
