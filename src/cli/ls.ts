// openscf ls

import type { Command } from 'commander';
import { type Io, type Say, table } from './io.ts';
import { functionName } from './readable.ts';
import { openSession } from './session.ts';
import type { FunctionUrls, Urls } from './wire.ts';

export function lsCommand(program: Command, io: Io, say: Say): void {
  const command = program
    .command('ls')
    .description(say({ zh: '列出函数、触发器及其 URL', en: 'list functions, their triggers and URLs' }));
  command.action(async () => {
    const session = openSession(command, io);
    const answer = await session.client.get<Urls>('/urls');
    if (session.json) return io.out(`${JSON.stringify(answer)}\n`);
    if (answer.functions.length === 0) {
      io.note(
        session.say({
          zh: '还没有函数。部署一个：openscf deploy <文件夹>\n',
          en: 'No functions yet. Deploy one: openscf deploy <folder>\n',
        }),
      );
      return;
    }
    io.out(`${table(answer.functions.flatMap(one => rowsOf(one, session.config.region, session.say)))}\n`);
  });
}

function rowsOf(one: FunctionUrls, region: string, say: Say): string[][] {
  const head = [functionName(one, region), one.runtime, one.status];
  const triggers = one.triggers.flatMap(trigger => {
    const state = trigger.enabled ? [] : [say({ zh: '已停用', en: 'disabled' })];
    const { urls, back } = trigger.type === 'apigw' ? sides(trigger.urls) : { urls: trigger.urls, back: [] };
    const line = [
      `  ${trigger.type} ${trigger.name}`,
      trigger.qualifier,
      [...state, trigger.summary, ...urls].filter(Boolean).join('  '),
    ];
    return [line, ...back.map(url => ['', '', `${say({ zh: '推送地址', en: 'push to' })}  ${url}`])];
  });
  return [head, ...triggers];
}

/** Clients connect to a WebSocket API by ws://; what is not of that kind is where its functions push. */
function sides(urls: readonly string[]): { readonly urls: readonly string[]; readonly back: readonly string[] } {
  const socket = /^wss?:/;
  if (!urls.some(url => socket.test(url))) return { urls, back: [] };
  return { urls: urls.filter(url => socket.test(url)), back: urls.filter(url => !socket.test(url)) };
}
