// openscf event <kind>

import type { Command } from 'commander';
import { type Io, type Say, table } from './io.ts';
import { openSession } from './session.ts';
import type { Kinds } from './wire.ts';

export function eventCommand(program: Command, io: Io, say: Say): void {
  const command = program
    .command('event')
    .argument('[kind]', say({ zh: '触发器类型；不带时列出类型', en: 'kind of trigger; lists the kinds without one' }));
  command.description(
    say({
      zh: '输出该类触发器的事件样例，可交给 openscf invoke <函数> -d @-',
      en: 'print a sample event of a kind, to pipe into openscf invoke <function> -d @-',
    }),
  );
  command.action(async (kind: string | undefined) => {
    const session = openSession(command, io);
    if (kind !== undefined) {
      io.out(
        `${JSON.stringify(await session.client.get(`/sample/${encodeURIComponent(kind)}`), null, session.json ? 0 : 2)}\n`,
      );
      return;
    }
    const answer = await session.client.get<Kinds>('/kinds');
    if (session.json) return io.out(`${JSON.stringify(answer)}\n`);
    io.out(`${table(answer.kinds.map(one => [one.type, session.say(one.title)]))}\n`);
  });
}
