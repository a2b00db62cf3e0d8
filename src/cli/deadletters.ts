// openscf deadletters ls|show|redrive|purge

import type { Command } from 'commander';
import { whole } from './deploy.ts';
import { fail } from './errors.ts';
import { type Io, type Say, table } from './io.ts';
import { ago, functionName, instant, size, statusText, whyText } from './readable.ts';
import { openSession, type Session } from './session.ts';
import type { Letter, Letters, LetterView } from './wire.ts';

interface Which {
  readonly name?: string;
  readonly type?: string;
  readonly namespace?: string;
}

interface ListFlags extends Which {
  readonly limit: string;
}

interface ChangeFlags extends Which {
  readonly all?: boolean;
  readonly function?: string;
}

/** The most that the server gives at once. */
const PAGE = 100;

export function deadlettersCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('deadletters');
  parent.description(
    say({ zh: '死信：查看、重新投递、清除', en: 'dead letters: events that were given up; show, redrive, purge' }),
  );
  addLs(parent, io, say);
  addShow(parent, io, say);
  addChange(parent, 'redrive', io, say);
  addChange(parent, 'purge', io, say);
}

function addWhich(command: Command, say: Say): Command {
  command.option(
    '--name <topic or queue>',
    say({ zh: '主题或队列的名称', en: 'name of the topic or queue they are kept under' }),
  );
  command.option(
    '--type <CMQ-TOPIC|CMQ-QUEUE>',
    say({ zh: '与 --name 同用：主题或队列', en: 'with --name: a topic or a queue' }),
  );
  return command.option('--namespace <name>', say({ zh: '函数的命名空间', en: 'namespace of the function' }));
}

function addLs(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('ls')
    .description(say({ zh: '列出死信，最早的在最前', en: 'list dead letters, the oldest first' }));
  command.argument('[function]', say({ zh: '函数名；不带时为所有函数', en: 'name of a function; all without one' }));
  addWhich(command, say);
  command.option('-n, --limit <count>', say({ zh: '最多列出多少条', en: 'how many at most' }), '20');
  command.action(async (fn: string | undefined, flags: ListFlags) => {
    const session = openSession(command, io);
    const found = await pages(session, whichOf(session, fn, flags), whole('--limit', flags.limit) ?? 1);
    const { total, letters, nowMs } = found;
    if (session.json) return io.out(`${JSON.stringify(found)}\n`);
    if (letters.length > 0)
      io.out(`${table([headOf(session.say), ...letters.map(one => rowOf(one, nowMs, session))])}\n`);
    else io.note(session.say({ zh: '没有死信。\n', en: 'There are no dead letters.\n' }));
    const rest = total - letters.length;
    if (letters.length > 0 && rest > 0)
      io.note(session.say({ zh: `另有 ${rest} 条；用 -n 查看更多。\n`, en: `${rest} more; -n shows them.\n` }));
  });
}

function addShow(parent: Command, io: Io, say: Say): void {
  const command = parent.command('show').argument('<requestId>', 'RequestId');
  command.description(say({ zh: '一条死信及其消息', en: 'one dead letter, with the message that a consumer reads' }));
  command.action(async (requestId: string) => {
    const session = openSession(command, io);
    const answer = await session.client.get<Letter>(`/deadletters/${encodeURIComponent(requestId)}`);
    if (session.json) return io.out(`${JSON.stringify(answer)}\n`);
    const { letter, message, nowMs } = answer;
    const words = session.say;
    const rows = [
      ['RequestId', letter.requestId],
      [words({ zh: '函数', en: 'function' }), `${functionName(letter, session.config.region)}  ${letter.qualifier}`],
      [words({ zh: '来源', en: 'source' }), letter.source],
      [words({ zh: '保存在', en: 'kept under' }), `${letter.to.type} ${letter.to.name}`],
      [words({ zh: '原因', en: 'why' }), whyText(letter.why, words)],
      [words({ zh: '尝试次数', en: 'attempts' }), `${letter.tried}  ${statusText(letter.status)}`],
      [words({ zh: '接收', en: 'accepted' }), instant(letter.acceptedAt)],
      [words({ zh: '放弃', en: 'given up' }), `${instant(letter.diedAt)}  ${ago(nowMs - letter.diedAt, words)}`],
    ];
    io.out(`${table(rows)}\n\n${JSON.stringify(message, null, 2)}\n`);
  });
}

const DONE = {
  redrive: { zh: '重新投递', en: 'Redriven' },
  purge: { zh: '清除', en: 'Purged' },
} as const;

function addChange(parent: Command, verb: keyof typeof DONE, io: Io, say: Say): void {
  const command = parent.command(verb).argument('[requestId]', 'RequestId');
  command.description(
    say(
      verb === 'redrive'
        ? {
            zh: '重新投递：作为此刻的事件回到队列，RequestId 不变',
            en: 'send again: back into the queue as an event of now, under its id',
          }
        : { zh: '清除：不可恢复', en: 'throw away for good' },
    ),
  );
  command.option('--all', say({ zh: '全部，或由其他选项限定的全部', en: 'all, or all that the other options leave' }));
  command.option('--function <name>', say({ zh: '只处理该函数的', en: 'of one function' }));
  addWhich(command, say);
  command.action(async (requestId: string | undefined, flags: ChangeFlags) => {
    const session = openSession(command, io);
    const which = whichOf(session, flags.function, flags);
    const isNarrowed =
      flags.all || [flags.function, flags.name, flags.type, flags.namespace].some(one => one !== undefined);
    if (requestId !== undefined ? isNarrowed : !flags.all)
      fail(requestId === undefined ? 'Cli.WhichLetters' : 'Cli.OneLetter');
    const body = requestId === undefined ? { ...which, all: true } : { requestId };
    const done = await session.client.post<{ redriven?: number; purged?: number; left?: number }>(
      `/deadletters/${verb}`,
      body,
    );
    if (session.json) return io.out(`${JSON.stringify(done)}\n`);
    const count = done.redriven ?? done.purged ?? 0;
    const words = session.say;
    io.out(words({ zh: `已${DONE[verb].zh} ${count} 条\n`, en: `${DONE[verb].en} ${count}\n` }));
    if (done.left)
      io.note(
        words({
          zh: `${done.left} 条未投递：其函数已不存在。重新创建函数，或用 purge 清除。\n`,
          en: `${done.left} left: their functions are gone. Make the functions again, or purge them.\n`,
        }),
      );
  });
}

function whichOf({ config, origins }: Session, fn: string | undefined, { name, type, namespace }: Which) {
  // Without a function the server says that namespace and region need one.
  const region = fn !== undefined || origins.region?.from === 'flag' ? config.region : undefined;
  return {
    ...(fn !== undefined && { function: fn }),
    ...(region !== undefined && { region }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type }),
  };
}

async function pages(session: Session, which: Readonly<Record<string, string>>, limit: number): Promise<Letters> {
  const letters: LetterView[] = [];
  for (;;) {
    const size = Math.min(PAGE, limit - letters.length);
    const query = new URLSearchParams({ ...which, limit: String(size), offset: String(letters.length) });
    const page = await session.client.get<Letters>(`/deadletters?${query}`);
    letters.push(...page.letters);
    if (page.letters.length < size || letters.length >= limit) return { ...page, letters };
  }
}

function headOf(say: Say): string[] {
  return say({
    zh: '放弃|RequestId|函数|来源|保存在|尝试|大小|状态码|原因',
    en: 'GIVEN UP|REQUEST ID|FUNCTION|SOURCE|KEPT UNDER|ATTEMPTS|SIZE|STATUS|WHY',
  }).split('|');
}

function rowOf(one: LetterView, nowMs: number, { config, say }: Session): string[] {
  return [
    ago(nowMs - one.diedAt, say),
    one.requestId,
    functionName(one, config.region),
    one.source,
    `${one.to.type} ${one.to.name}`,
    String(one.tried),
    size(one.eventBytes),
    String(one.status),
    whyText(one.why, say),
  ];
}
