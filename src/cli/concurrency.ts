// openscf concurrency <function>

import type { Command } from 'commander';
import { fail } from './errors.ts';
import { type Io, type Say, table } from './io.ts';
import { openSession, type Session } from './session.ts';

interface Flags {
  readonly reserved?: string;
  readonly provisioned?: string;
  readonly qualifier?: string;
  readonly namespace: string;
}

/** What the two Get actions answer, as far as it is read here. */
interface Shown {
  /** MB; null when there is none. */
  readonly ReservedMem: number | null;
  readonly UnallocatedConcurrencyNum: number;
  readonly Allocated: readonly Allocated[];
}

interface Allocated {
  readonly Qualifier: string;
  readonly AllocatedProvisionedConcurrencyNum: number;
  readonly AvailableProvisionedConcurrencyNum: number;
  readonly Status: string;
  readonly StatusReason: string;
  readonly TriggerActions: readonly {
    readonly TriggerName: string;
    readonly TriggerProvisionedConcurrencyNum: number;
    readonly TriggerCronConfig: string;
  }[];
}

export function concurrencyCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('concurrency');
  command.argument('<function>', say({ zh: '函数名', en: 'name of the function' }));
  command.description(
    say({ zh: '查看或设置函数的独占配额与预置并发', en: 'show or set reserved and provisioned concurrency' }),
  );
  command.option(
    '--reserved <MB|none>',
    say({
      zh: '最大独占配额（MB），0 为停止运行，none 为取消',
      en: 'MB for this function alone; 0 stops it, none removes it',
    }),
  );
  command.option(
    '--provisioned <n|none>',
    say({ zh: '预置实例数，none 为取消', en: 'instances that are kept ready; none removes them' }),
  );
  command.option(
    '--qualifier <version>',
    say({ zh: '预置并发所属的已发布版本', en: 'the published version that --provisioned is for' }),
  );
  command.option('--namespace <name>', say({ zh: '命名空间', en: 'namespace' }), 'default');
  command.action(async (fn: string, flags: Flags) => {
    const session = openSession(command, io);
    const name = { FunctionName: fn, Namespace: flags.namespace };
    const reserved = flags.reserved === undefined ? undefined : countOrNone('--reserved', flags.reserved);
    const provisioned = flags.provisioned === undefined ? undefined : countOrNone('--provisioned', flags.provisioned);
    if (provisioned !== undefined && flags.qualifier === undefined) fail('Cli.NoQualifier', { function: fn });
    const { scf } = session.client;

    if (reserved === 'none') await scf('DeleteReservedConcurrencyConfig', name);
    else if (reserved !== undefined)
      await scf('PutReservedConcurrencyConfig', { ...name, ReservedConcurrencyMem: reserved });

    const version = { ...name, Qualifier: flags.qualifier };
    if (provisioned === 'none') await scf('DeleteProvisionedConcurrencyConfig', version);
    else if (provisioned !== undefined)
      await scf('PutProvisionedConcurrencyConfig', { ...version, VersionProvisionedConcurrencyNum: provisioned });

    const { ReservedMem } = await scf('GetReservedConcurrencyConfig', name);
    const { UnallocatedConcurrencyNum, Allocated } = await scf('GetProvisionedConcurrencyConfig', version);
    const shown = { ReservedMem, UnallocatedConcurrencyNum, Allocated } as Shown;
    io.out(session.json ? `${JSON.stringify(shown)}\n` : `${table(rowsOf(shown, session.say))}\n`);
  });
}

function countOrNone(name: string, text: string): number | 'none' {
  if (text === 'none') return 'none';
  return /^\d{1,9}$/.test(text) ? Number(text) : fail('Cli.CountOrNone', { name, value: text });
}

function rowsOf({ ReservedMem, UnallocatedConcurrencyNum, Allocated }: Shown, say: Session['say']): string[][] {
  const none = say({ zh: '无，使用地域的共享配额', en: "none: it lives from the region's common share" });
  const rows = [[say({ zh: '独占配额', en: 'reserved' }), ReservedMem === null ? none : `${ReservedMem} MB`]];
  for (const one of Allocated) {
    const { AvailableProvisionedConcurrencyNum: available, AllocatedProvisionedConcurrencyNum: wanted } = one;
    const ready = say({ zh: `已就绪 ${available} 个，共 ${wanted} 个`, en: `${available} of ${wanted} ready` });
    const state = one.Status === 'Failed' ? `${one.Status}: ${one.StatusReason}` : one.Status;
    rows.push([`${say({ zh: '版本', en: 'version' })} ${one.Qualifier}`, `${ready}  ${state}`]);
    for (const at of one.TriggerActions)
      rows.push([`  ${at.TriggerName}`, `${at.TriggerCronConfig}  → ${at.TriggerProvisionedConcurrencyNum}`]);
  }
  const left = say({ zh: '还可预置', en: 'can be given' });
  return [...rows, [left, say({ zh: `${UnallocatedConcurrencyNum} 个`, en: `${UnallocatedConcurrencyNum} more` })]];
}
