// openscf rm <function>

import type { Command } from 'commander';
import type { Io, Say } from './io.ts';
import { openSession } from './session.ts';

export function rmCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('rm').argument('<function>', say({ zh: '函数名', en: 'name of the function' }));
  command.description(say({ zh: '删除函数及其触发器', en: 'remove a function with its triggers' }));
  command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }), 'default');
  command.action(async (fn: string, flags: { readonly namespace: string }) => {
    const session = openSession(command, io);
    await session.client.scf('DeleteFunction', { FunctionName: fn, Namespace: flags.namespace });
    io.out(
      session.json
        ? `${JSON.stringify({ FunctionName: fn })}\n`
        : `${session.say({ zh: '已删除', en: 'Removed' })} ${fn}\n`,
    );
  });
}
