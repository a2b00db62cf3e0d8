// openscf trigger add|enable|disable|rm <function> <kind>

import type { Command } from 'commander';
import { fail } from './errors.ts';
import type { Io, Say } from './io.ts';
import { openSession, type Session } from './session.ts';

interface Flags {
  readonly name?: string;
  readonly namespace?: string;
  readonly qualifier?: string;
  readonly argument?: string;
  readonly disabled?: boolean;
}

/** A trigger of ListTriggers, as far as it is read here. */
interface Shown {
  readonly Type: string;
  readonly TriggerName: string;
  readonly TriggerDesc: string;
  readonly Qualifier: string;
}

const ALL = 100;

export function triggerCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('trigger').description(say({ zh: '管理触发器', en: 'triggers of a function' }));
  const verb = (name: string, zh: string, en: string) => {
    const command = parent.command(name).description(say({ zh, en }));
    command.argument('<function>', say({ zh: '函数名', en: 'name of the function' }));
    command.argument('<kind>', say({ zh: '类型，如 timer、apigw', en: 'kind: timer, apigw …' }));
    command.option('--name <name>', say({ zh: '触发器名', en: 'name of the trigger' }));
    command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }), 'default');
    return command;
  };

  const add = verb('add', '添加触发器', 'add a trigger');
  add.argument(
    '[desc]',
    say({ zh: 'TriggerDesc：Cron 表达式，或 JSON', en: 'TriggerDesc: a cron expression, or JSON' }),
  );
  add.option('--qualifier <q>', say({ zh: '版本或别名', en: 'version or alias' }), '$DEFAULT');
  add.option('--argument <text>', say({ zh: '附加信息（仅定时触发器）', en: 'message of a timer' }));
  add.option('--disabled', say({ zh: '先不启用', en: 'do not enable it yet' }));
  add.action(async (fn: string, kind: string, desc: string | undefined, flags: Flags) => {
    const session = openSession(add, io);
    const taken = new Set((await shown(session, fn, flags)).map(one => one.TriggerName));
    const answer = await session.client.scf('CreateTrigger', {
      FunctionName: fn,
      Namespace: flags.namespace,
      Type: kind,
      TriggerName: flags.name ?? free(kind, taken),
      Qualifier: flags.qualifier,
      Enable: flags.disabled ? 'CLOSE' : 'OPEN',
      ...(desc !== undefined && { TriggerDesc: desc }),
      ...(flags.argument !== undefined && { CustomArgument: flags.argument }),
    });
    const made = answer.TriggerInfo as Shown;
    if (session.json) return io.out(`${JSON.stringify(made)}\n`);
    io.out(`${session.say({ zh: '已添加', en: 'Added' })} ${made.Type} ${made.TriggerName} ${made.TriggerDesc}\n`);
  });

  const change = (
    name: string,
    zh: string,
    en: string,
    action: string,
    params: object,
    done: { zh: string; en: string },
  ) => {
    const command = verb(name, zh, en);
    command.action(async (fn: string, kind: string, flags: Flags) => {
      const session = openSession(command, io);
      const one = pick(await shown(session, fn, flags), fn, kind, flags.name);
      const { TriggerName, Type, TriggerDesc, Qualifier } = one;
      await session.client.scf(action, {
        FunctionName: fn,
        Namespace: flags.namespace,
        TriggerName,
        Type,
        TriggerDesc,
        Qualifier,
        ...params,
      });
      if (session.json) return io.out(`${JSON.stringify({ TriggerName, Type })}\n`);
      io.out(`${session.say(done)} ${Type} ${TriggerName}\n`);
    });
  };
  change(
    'enable',
    '启用触发器',
    'enable a trigger',
    'UpdateTriggerStatus',
    { Enable: 'OPEN' },
    { zh: '已启用', en: 'Enabled' },
  );
  change(
    'disable',
    '停用触发器',
    'disable a trigger',
    'UpdateTriggerStatus',
    { Enable: 'CLOSE' },
    { zh: '已停用', en: 'Disabled' },
  );
  change('rm', '删除触发器', 'remove a trigger', 'DeleteTrigger', {}, { zh: '已删除', en: 'Removed' });
}

async function shown(session: Session, fn: string, flags: Flags): Promise<readonly Shown[]> {
  const answer = await session.client.scf('ListTriggers', { FunctionName: fn, Namespace: flags.namespace, Limit: ALL });
  return (answer.Triggers ?? []) as Shown[];
}

/** The one that is meant; a kind of which there is one needs no name. */
function pick(list: readonly Shown[], fn: string, kind: string, name: string | undefined): Shown {
  const ofKind = list.filter(one => one.Type === kind);
  const [one, ...more] = name === undefined ? ofKind : ofKind.filter(each => each.TriggerName === name);
  const known =
    (name === undefined && ofKind.length > 0 ? ofKind : list)
      .map(each => `${each.Type} ${each.TriggerName}`)
      .join(', ') || '-';
  if (!one) {
    return name === undefined
      ? fail('Cli.NoKind', { function: fn, kind, known })
      : fail('Cli.NoTrigger', { function: fn, kind, name, known });
  }
  return more.length > 0 ? fail('Cli.WhichTrigger', { function: fn, kind, known }) : one;
}

function free(kind: string, taken: ReadonlySet<string>): string {
  let name = kind;
  for (let count = 2; taken.has(name); count++) name = `${kind}-${count}`;
  return name;
}
