// openscf invoke <function>

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fail } from './errors.ts';
import { Exit } from './exit.ts';
import type { Io, Say } from './io.ts';
import { openSession } from './session.ts';

interface Flags {
  readonly event?: string;
  readonly async?: boolean;
  readonly qualifier: string;
  readonly namespace: string;
  readonly log?: boolean;
}

/** Result of Invoke. */
interface Result {
  readonly FunctionRequestId: string;
  /** 0 is success. */
  readonly InvokeResult: number;
  readonly RetMsg: string;
  readonly ErrMsg: string;
  readonly Log: string;
  /** ms */
  readonly Duration: number;
  /** bytes */
  readonly MemUsage: number;
}

const MB = 1024 * 1024;

export function invokeCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('invoke').argument('<function>', say({ zh: '函数名', en: 'name of the function' }));
  command.description(
    say({
      zh: '调用函数：结果写到标准输出，其余写到标准错误',
      en: 'run a function: its result goes to the output, all else beside it',
    }),
  );
  command.option(
    '-d, --event <json>',
    say({ zh: '事件 JSON，或 @文件，或 @- 取自标准输入', en: 'event as JSON, @file, or @- for the input' }),
    '{}',
  );
  command.option('--async', say({ zh: '异步调用', en: 'hand it over and do not wait' }));
  command.option('--qualifier <q>', say({ zh: '版本或别名', en: 'version or alias' }), '$LATEST');
  command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }), 'default');
  command.option('--log', say({ zh: '显示日志的最后 4 KB', en: 'show the last 4 KB of the log' }));
  command.action(async (fn: string, flags: Flags) => {
    const session = openSession(command, io);
    const event = await eventText(flags.event ?? '{}', io);
    const { Result } = await session.client.scf('Invoke', {
      FunctionName: fn,
      Namespace: flags.namespace,
      Qualifier: flags.qualifier,
      InvocationType: flags.async ? 'Event' : 'RequestResponse',
      LogType: flags.log && !flags.async ? 'Tail' : 'None',
      ClientContext: event,
    });
    const result = Result as Result;
    const failed = !flags.async && result.InvokeResult !== 0;
    if (session.json) io.out(`${JSON.stringify(result)}\n`);
    else if (flags.async) io.out(`${result.FunctionRequestId}\n`);
    else tell(result, failed, io);
    if (failed) throw new Exit(1);
  });
}

function tell(result: Result, failed: boolean, io: Io): void {
  if (result.Log) io.note(`${result.Log.trimEnd()}\n`);
  const status = failed ? ` InvokeResult ${result.InvokeResult}` : '';
  io.note(
    `RequestId ${result.FunctionRequestId}  ${result.Duration} ms  ${(result.MemUsage / MB).toFixed(1)} MB${status}\n`,
  );
  if (failed) io.note(`${result.ErrMsg || result.RetMsg}\n`);
  else io.out(`${result.RetMsg}\n`);
}

/** Sent as it is written; only checked. */
async function eventText(given: string, io: Io): Promise<string> {
  if (given === '@-') return checked((await io.stdin()).toString('utf8'));
  return given.startsWith('@') ? jsonFile(resolve(io.cwd, given.slice(1))) : checked(given);
}

/** The text of a file that is to be JSON. */
export async function jsonFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: Error) => fail('Cli.File', { path, reason: error.message }, error));
  // What is no UTF-8 would be sent as something else.
  return isUtf8(bytes) ? checked(bytes.toString()) : fail('Cli.Event', { reason: 'not UTF-8' });
}

function checked(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    return fail('Cli.Event', { reason: (error as Error).message }, error);
  }
}
