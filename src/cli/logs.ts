// openscf logs <function> [-f]

import type { Command } from 'commander';
import { whole } from './deploy.ts';
import type { Io, Say } from './io.ts';
import { openSession, type Session } from './session.ts';

interface Flags {
  readonly follow?: boolean;
  readonly limit: string;
  readonly namespace: string;
  readonly requestId?: string;
}

/** A row of GetFunctionLogs, as far as it is read here. */
interface LogRow {
  readonly RequestId: string;
  readonly RetryNum: number;
  readonly StartTime: string;
  /** 0 is success. */
  readonly RetCode: number;
  readonly InvokeFinished: number;
  /** ms */
  readonly Duration: number;
  /** bytes */
  readonly MemUsage: number;
  readonly RetMsg: string;
  readonly Log: string;
}

const POLL_MS = 1000;
/** Asked for at once while following: more runs than a second brings. */
const WINDOW = 200;
const MB = 1024 * 1024;

export function logsCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('logs').argument('<function>', say({ zh: '函数名', en: 'name of the function' }));
  command.description(say({ zh: '查看函数日志，最近的在最后', en: 'show the log of a function, the latest run last' }));
  command.option('-f, --follow', say({ zh: '持续输出新的日志', en: 'go on with what comes' }));
  command.option('-n, --limit <count>', say({ zh: '最近几次调用', en: 'how many runs' }), '20');
  command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }), 'default');
  command.option('--request-id <id>', say({ zh: '只看这一次调用', en: 'this call alone' }));
  command.action(async (fn: string, flags: Flags) => {
    const session = openSession(command, io);
    const limit = whole('--limit', flags.limit) ?? 1;
    const seen = new Set<string>();
    const show = (rows: readonly LogRow[]) => {
      for (const row of rows) {
        const id = `${row.RequestId}/${row.RetryNum}`;
        // A run that goes on is shown when it has ended.
        if (seen.has(id) || (flags.follow && row.InvokeFinished !== 1)) continue;
        seen.add(id);
        io.out(session.json ? `${JSON.stringify(row)}\n` : lines(row));
      }
    };
    const first = await rows(session, fn, flags, limit);
    show(first);
    if (!flags.follow) return;
    while (!io.signal?.aborted) {
      await io.clock.sleep(POLL_MS, io.signal).catch(() => undefined);
      if (!io.signal?.aborted) show(await rows(session, fn, flags, WINDOW).then(list => newerThan(list, first)));
    }
  });
}

async function rows(session: Session, fn: string, flags: Flags, limit: number): Promise<LogRow[]> {
  const answer = await session.client.scf('GetFunctionLogs', {
    FunctionName: fn,
    Namespace: flags.namespace,
    Limit: limit,
    Offset: 0,
    Order: 'desc',
    OrderBy: 'start_time',
    ...(flags.requestId !== undefined && { FunctionRequestId: flags.requestId }),
  });
  return ((answer.Data ?? []) as LogRow[]).toReversed();
}

/** Without what is older than all that was shown first: the wider window must not dig up the past. */
function newerThan(list: readonly LogRow[], first: readonly LogRow[]): readonly LogRow[] {
  const [oldest] = first;
  return oldest === undefined ? list : list.filter(row => row.StartTime >= oldest.StartTime);
}

function lines(row: LogRow): string {
  const status = row.RetCode === 0 ? 'ok' : `failed (${row.RetCode})`;
  const state = row.InvokeFinished === 1 ? status : 'running';
  const retry = row.RetryNum > 0 ? `  retry ${row.RetryNum}` : '';
  const head = `${row.StartTime}  ${row.RequestId}  ${state}${retry}  ${row.Duration} ms  ${(row.MemUsage / MB).toFixed(1)} MB`;
  const body = [row.Log, row.RetCode === 0 ? '' : row.RetMsg].map(text => text.trimEnd()).filter(Boolean);
  return `${[head, ...body.flatMap(text => text.split('\n')).map(line => `  ${line}`)].join('\n')}\n`;
}
