// openscf config

import type { Command } from 'commander';
import { type Config, SETTINGS, type Setting } from '../config.ts';
import { type Io, type Say, table } from './io.ts';
import { addServerOptions } from './options.ts';
import { openSession } from './session.ts';

export function configCommand(program: Command, io: Io, say: Say): void {
  const command = addServerOptions(program.command('config'), say);
  command.description(
    say({ zh: '列出每项设置的取值与来源', en: 'show every setting, its value and where it came from' }),
  );
  command.option('--show-secrets', say({ zh: '不隐藏密钥', en: 'do not mask secrets' }));
  command.action((flags: { readonly showSecrets?: boolean }) => {
    const { config, origins, json, say: tell } = openSession(command, io);
    const rows = SETTINGS.map(one => {
      const value = settledValue(config, one);
      const shown = one.doc.secret && value !== undefined && !flags.showSecrets ? '******' : value;
      return {
        name: one.name,
        value: shown,
        ...origins[one.name],
        env: one.env,
        flag: one.flag,
      };
    });
    if (json) return io.out(`${JSON.stringify({ settings: rows })}\n`);
    const unset = tell({ zh: '（未设置）', en: '(not set)' });
    const text = rows.map(row => [
      row.name,
      row.value === undefined ? unset : plain(row.value),
      row.where || tell({ zh: '默认', en: 'default' }),
    ]);
    io.out(`${table(text)}\n`);
  });
}

function settledValue(config: Config, one: Setting): unknown {
  return one.name
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}

function plain(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
