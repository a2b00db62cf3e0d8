// openscf time show|freeze|advance|to|resume

import type { Command } from 'commander';
import { parseDuration, parseInstant } from './duration.ts';
import type { Io, Say } from './io.ts';
import { openSession } from './session.ts';
import type { ClockChange, ClockState } from './wire.ts';

export function timeCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('time');
  parent.description(
    say({
      zh: '查看或拨动服务的时间（服务须以 --dev 启动）',
      en: 'show or turn the clock of the server (it has to run with --dev)',
    }),
  );
  const verb = (
    name: string,
    zh: string,
    en: string,
    change: (text: string) => ClockChange | undefined,
    argument?: string,
  ) => {
    const command = parent.command(name).description(say({ zh, en }));
    if (argument) command.argument(argument);
    command.action(async (...given: unknown[]) => {
      const session = openSession(command, io);
      const wanted = change(String(given[0]));
      const state = wanted
        ? await session.client.post<ClockState>('/clock', wanted)
        : await session.client.get<ClockState>('/clock');
      if (session.json) return io.out(`${JSON.stringify(state)}\n`);
      const frozen = state.frozen ? session.say({ zh: '  已冻结', en: '  frozen' }) : '';
      io.out(`${new Date(state.nowMs).toISOString()}${frozen}\n`);
    });
  };
  verb('show', '显示时间', 'show the time', () => undefined);
  verb('freeze', '冻结时间', 'stop the clock', () => ({ action: 'freeze' }));
  verb(
    'advance',
    '向前拨动，期间到期的一切依次执行',
    'turn it forward; all that falls due runs, in order',
    text => ({ action: 'advance', ms: parseDuration(text) }),
    '<length>',
  );
  verb(
    'to',
    '拨到某一时刻',
    'turn it to an instant',
    text => ({ action: 'to', instantMs: parseInstant(text) }),
    '<instant>',
  );
  verb('resume', '时间恢复流动', 'let it run again', () => ({ action: 'resume' }));
}
