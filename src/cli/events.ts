// openscf events ls|show|tail

import type { Command } from 'commander';
import { whole } from './deploy.ts';
import { fail } from './errors.ts';
import { type Io, type Say, table } from './io.ts';
import { lifeText } from './life.ts';
import { ago, functionName, instant, length, size, stateText } from './readable.ts';
import { openSession, type Session } from './session.ts';
import type { Bytes, EventLife, EventPayload, Events, EventView } from './wire.ts';

interface Filters {
  readonly state?: string;
  readonly source?: string;
  readonly namespace?: string;
  readonly limit: string;
}

/** The most that the server gives at once. */
const PAGE = 100;
const POLL_MS = 1000;
/** More than comes in a second; what runs longer than so many others came is not waited for. */
const PAGES_PER_POLL = 10;

export function eventsCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('events');
  parent.description(say({ zh: '查看事件：每次尝试及其结果', en: 'events: each attempt, and what became of it' }));
  addLs(parent, io, say);
  addShow(parent, io, say);
  addTail(parent, io, say);
}

function filtered(parent: Command, name: string, words: { zh: string; en: string }, say: Say): Command {
  const command = parent.command(name).description(say(words));
  command.argument('[function]', say({ zh: '函数名；不带时为所有函数', en: 'name of a function; all without one' }));
  command.option(
    '--state <state>',
    say({
      zh: '只看某种状态：waiting、running、ok、failed、dead、dropped、aborted',
      en: 'of one state: waiting, running, ok, failed, dead, dropped, aborted',
    }),
  );
  command.option(
    '--source <source>',
    say({ zh: '只看某种来源：invoke、timer、apigw …', en: 'of one source: invoke, timer, apigw …' }),
  );
  command.option('--namespace <name>', say({ zh: '函数的命名空间', en: 'namespace of the function' }));
  return command.option('-n, --limit <count>', say({ zh: '最近多少个', en: 'how many of the latest' }), '20');
}

function addLs(parent: Command, io: Io, say: Say): void {
  const words = { zh: '列出最近的事件，最近的在最前', en: 'list the latest events, the newest first' };
  const command = filtered(parent, 'ls', words, say);
  command.action(async (fn: string | undefined, flags: Filters) => {
    const session = openSession(command, io);
    const limit = whole('--limit', flags.limit) ?? 1;
    const { events, nowMs } = await latest(session, fn, flags, limit);
    if (session.json) return io.out(`${JSON.stringify({ nowMs, events })}\n`);
    if (events.length > 0)
      return io.out(`${table([headOf(session.say), ...events.map(one => rowOf(one, nowMs, session))])}\n`);
    io.note(session.say({ zh: '没有这样的事件。\n', en: 'There are no such events.\n' }));
  });
}

function addShow(parent: Command, io: Io, say: Say): void {
  const command = parent.command('show').argument('<requestId>', 'RequestId');
  command.description(say({ zh: '一个事件的全过程', en: 'the whole life of an event' }));
  command.option(
    '--payload',
    say({ zh: '只输出事件的原始内容', en: 'print the exact bytes of the event, and nothing else' }),
  );
  command.option(
    '--reply',
    say({ zh: '只输出最后一次返回的原始内容', en: 'print the exact bytes of the last reply, and nothing else' }),
  );
  command.action(async (requestId: string, flags: { readonly payload?: boolean; readonly reply?: boolean }) => {
    const session = openSession(command, io);
    const path = `/events/${encodeURIComponent(requestId)}`;
    if (flags.payload || flags.reply) {
      const kept = await session.client.get<EventPayload>(`${path}/payload`);
      if (session.json) return io.out(`${JSON.stringify(kept)}\n`);
      if (flags.payload) io.out(exact(kept.event ?? fail('Cli.NoBytes', { requestId })));
      if (flags.reply) io.out(exact(kept.replies.at(-1) ?? fail('Cli.NoReply', { requestId })));
      return;
    }
    const life = await session.client.get<EventLife>(path);
    io.out(session.json ? `${JSON.stringify(life)}\n` : lifeText(life, session));
  });
}

function addTail(parent: Command, io: Io, say: Say): void {
  const words = { zh: '持续输出事件，每次状态变化一行', en: 'follow events: a line for each change' };
  const command = filtered(parent, 'tail', words, say);
  command.action(async (fn: string | undefined, flags: Filters) => {
    const session = openSession(command, io);
    const shown = new Map<string, EventView>();
    const tell = ({ events, nowMs }: Latest) => {
      for (const one of events.toReversed()) {
        const before = shown.get(one.requestId);
        shown.set(one.requestId, one);
        const isSame = before?.state === one.state && before.tried === one.tried;
        if (isSame || (flags.state !== undefined && one.state !== flags.state)) continue;
        io.out(session.json ? `${JSON.stringify(one)}\n` : `${lineOf(one, nowMs, session)}\n`);
      }
    };
    tell(await latest(session, fn, flags, whole('--limit', flags.limit) ?? 1));
    // What runs now may come into the state later: it is followed whatever its state is.
    const { state: _, ...any } = flags;
    if (flags.state !== undefined)
      for (const one of (await latest(session, fn, any, PAGE)).events) shown.set(one.requestId, one);
    while (!io.signal?.aborted) {
      await io.clock.sleep(POLL_MS, io.signal).catch(() => undefined);
      if (io.signal?.aborted) return;
      const all = [...shown.values()];
      const newest = Math.max(0, ...all.map(one => one.startedAt));
      const since = Math.min(newest, ...all.filter(one => one.state === 'running').map(one => one.startedAt));
      tell(await latest(session, fn, any, PAGE * PAGES_PER_POLL, since));
      // No poll brings it again, unless it begins again.
      for (const [id, { startedAt }] of shown) if (startedAt < since) shown.delete(id);
    }
  });
}

interface Latest {
  readonly nowMs: number;
  readonly events: readonly EventView[];
}

/** The newest first, as many pages as it takes. */
async function latest(
  session: Session,
  fn: string | undefined,
  flags: Omit<Filters, 'limit'>,
  limit: number,
  from?: number,
): Promise<Latest> {
  const events = new Map<string, EventView>();
  for (let before: number | undefined; ; ) {
    const range = { limit: Math.min(PAGE, limit), from, before };
    const page = await session.client.get<Events>(`/events?${queryOf(session, fn, flags, range)}`);
    // What moved on between two pages was met before as it is now.
    for (const one of page.events) if (!events.has(one.requestId)) events.set(one.requestId, one);
    before = page.before;
    if (before === undefined || events.size >= limit)
      return { nowMs: page.nowMs, events: [...events.values()].slice(0, limit) };
  }
}

function queryOf(
  { config, origins }: Session,
  fn: string | undefined,
  { state, source, namespace }: Omit<Filters, 'limit'>,
  range: Readonly<Record<string, number | undefined>>,
): string {
  // Without a function the server says that they need one.
  const region = fn !== undefined || origins.region?.from === 'flag' ? config.region : undefined;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...range, function: fn, region, namespace, state, source }))
    if (value !== undefined) query.set(name, String(value));
  return query.toString();
}

function headOf(say: Say): string[] {
  return say({
    zh: '时间|RequestId|函数|来源|尝试|耗时|内存|状态',
    en: 'WHEN|REQUEST ID|FUNCTION|SOURCE|ATTEMPTS|DURATION|MEMORY|STATE',
  }).split('|');
}

function rowOf(one: EventView, nowMs: number, { config, say }: Session): string[] {
  const ran = one.status > 0;
  return [
    ago(nowMs - one.startedAt, say),
    one.requestId,
    functionName(one, config.region),
    one.source,
    String(one.tried),
    ran ? length(one.durationMs) : '',
    ran ? size(one.memoryBytes) : '',
    stateText(one, nowMs, say),
  ];
}

function lineOf(one: EventView, nowMs: number, session: Session): string {
  const [, id, fn, source, tried, ...rest] = rowOf(one, nowMs, session);
  const attempt = one.tried > 1 ? `×${tried}` : '';
  return [instant(one.startedAt), id, fn, source, attempt, rest.at(-1), ...rest.slice(0, -1)]
    .filter(Boolean)
    .join('  ');
}

function exact({ encoding, text }: Bytes): Uint8Array {
  return Buffer.from(text, encoding);
}
