// openscf replay <requestId>

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Exit } from './exit.ts';
import { jsonFile } from './invoke.ts';
import type { Io, Say } from './io.ts';
import { size } from './readable.ts';
import { openSession } from './session.ts';
import type { Replayed } from './wire.ts';

interface Flags {
  readonly edit?: string;
  readonly to?: string;
  readonly namespace?: string;
  readonly qualifier?: string;
}

export function replayCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('replay').argument('<requestId>', 'RequestId');
  command.description(
    say({
      zh: '再次发送一个事件：同步调用输出其结果，异步事件输出新的 RequestId',
      en: 'send an event again: the result of a synchronous call goes to the output, of an asynchronous one its new request id',
    }),
  );
  command.option(
    '--edit <file>',
    say({
      zh: '改为发送该文件中的事件（可由 openscf events show <requestId> --payload > 文件 得到）',
      en: 'send the event in this file instead (openscf events show <requestId> --payload > file makes one)',
    }),
  );
  command.option('--to <function>', say({ zh: '发送给另一个函数', en: 'send it to another function' }));
  command.option(
    '--namespace <name>',
    say({ zh: '目标命名空间，缺省为原来的', en: 'namespace to send it to; its own if not given' }),
  );
  command.option(
    '--qualifier <q>',
    say({
      zh: '版本或别名，缺省为原来的，有 --to 时为 $LATEST',
      en: 'version or alias; its own if not given, $LATEST with --to',
    }),
  );
  command.action(async (requestId: string, flags: Flags) => {
    const session = openSession(command, io);
    const { to, namespace, qualifier } = flags;
    const event = flags.edit === undefined ? undefined : await jsonFile(resolve(io.cwd, flags.edit));
    // The setting is a default here, and the event has a region of its own: only the flag outranks it.
    const region = session.origins.region?.from === 'flag' ? session.config.region : undefined;
    const path = `/events/${encodeURIComponent(requestId)}/replay`;
    const sent = await session.client.post<Replayed>(path, { event, to, namespace, region, qualifier });
    const failed = sent.mode === 'sync' && sent.status !== 200;
    if (session.json) io.out(`${JSON.stringify(sent)}\n`);
    else if (sent.mode === 'async') io.out(`${sent.requestId}\n`);
    else {
      io.note(
        `RequestId ${sent.requestId}  ${sent.durationMs} ms  ${size(sent.memoryBytes)}${failed ? `  ${sent.status}` : ''}\n`,
      );
      if (failed) io.note(`${sent.stackTrace || sent.errorMessage}\n`);
      else io.out(`${sent.result}\n`);
    }
    if (failed) throw new Exit(1);
  });
}
