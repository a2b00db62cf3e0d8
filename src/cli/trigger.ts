// openscf trigger add|enable|disable|rm <function> <kind>

import type { Command } from 'commander';
import { fail } from './errors.ts';
import type { Io, Say } from './io.ts';
import { openSession, type Session } from './session.ts';
import { bucketHost, checkRuleFlags, isMeant, type RuleFlags, ruleDesc, ruleWords, type Shown } from './trigger-cos.ts';
import type { Status } from './wire.ts';

interface Flags extends RuleFlags {
  readonly name?: string;
  readonly namespace?: string;
  readonly qualifier?: string;
  readonly argument?: string;
  readonly disabled?: boolean;
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
    command.option('--bucket <name>', say({ zh: '存储桶（cos）', en: 'bucket (cos)' }));
    command.option(
      '--event <name>',
      say({ zh: "事件（cos），如 'cos:ObjectCreated:*'", en: "event (cos): 'cos:ObjectCreated:*' …" }),
    );
    command.option('--prefix <text>', say({ zh: '对象键前缀（cos）', en: 'how keys begin (cos)' }));
    command.option('--suffix <text>', say({ zh: '对象键后缀（cos），如 .jpg', en: 'how keys end (cos): .jpg …' }));
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
    checkRuleFlags(kind, flags);
    const told = ruleDesc(flags);
    if (told !== undefined && desc !== undefined) fail('Cli.RuleTwice', { one: 'TriggerDesc', other: '--event' });
    const TriggerDesc = desc ?? told;
    if (kind === 'cos' && TriggerDesc === undefined) fail('Cli.RuleEvent');
    const answer = await session.client.scf('CreateTrigger', {
      FunctionName: fn,
      Namespace: flags.namespace,
      Type: kind,
      TriggerName: await nameOf(session, fn, kind, flags),
      Qualifier: flags.qualifier,
      Enable: flags.disabled ? 'CLOSE' : 'OPEN',
      ...(TriggerDesc !== undefined && { TriggerDesc }),
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
      checkRuleFlags(kind, flags);
      const list = await shown(session, fn, flags);
      const one = kind === 'cos' ? pickRule(list, fn, flags) : pick(list, fn, kind, flags.name);
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
      if (session.json) return io.out(`${JSON.stringify({ TriggerName, Type, TriggerDesc })}\n`);
      // Others have a name of their own.
      const rule = Type === 'cos' ? ` ${TriggerDesc}` : '';
      io.out(`${session.say(done)} ${Type} ${TriggerName}${rule}\n`);
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

/** Rules on one bucket share its name. */
function pickRule(list: readonly Shown[], fn: string, flags: Flags): Shown {
  const rules = list.filter(one => one.Type === 'cos');
  if (rules.length === 0) return pick(list, fn, 'cos', undefined);
  const bucket = flags.bucket ?? flags.name;
  const found = rules.filter(one => isMeant(one, { ...flags, ...(bucket !== undefined && { bucket }) }));
  const known = (found.length > 0 ? found : rules).map(one => `  ${ruleWords(one)}`).join('\n');
  const [one] = found;
  if (!one) return fail('Cli.NoRule', { function: fn, known });
  return found.length > 1 ? fail('Cli.WhichRule', { function: fn, known }) : one;
}

async function nameOf(session: Session, fn: string, kind: string, flags: Flags): Promise<string> {
  const { name, bucket } = flags;
  if (name !== undefined && bucket !== undefined) fail('Cli.RuleTwice', { one: '--name', other: '--bucket' });
  if (name !== undefined) return name;
  if (bucket === undefined) {
    if (kind === 'cos') fail('Cli.RuleBucket', { function: fn });
    return free(kind, new Set((await shown(session, fn, flags)).map(one => one.TriggerName)));
  }
  const { appId } = await session.client.get<Status>('/status');
  return bucketHost(bucket, appId, session.config.region);
}

function free(kind: string, taken: ReadonlySet<string>): string {
  let name = kind;
  for (let count = 2; taken.has(name); count++) name = `${kind}-${count}`;
  return name;
}
