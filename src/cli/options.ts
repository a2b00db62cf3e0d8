// Flags: those of every command, and one per setting, derived from the settings.

import { type Command, Option } from 'commander';
import { SETTINGS, type Setting } from '../config.ts';
import type { Say } from './io.ts';

/** Settings that every command takes; the rest only matter where a server starts or is looked at. */
const EVERYWHERE = ['data', 'region', 'lang', 'secretId', 'secretKey'];

function optionOf(one: Setting, say: Say): Option {
  const { shape } = one;
  const value =
    shape.kind === 'switch' ? ' [on|off]' : shape.kind === 'choice' ? ` <${shape.values.join('|')}>` : ' <value>';
  return new Option(one.flag + value, say(one.doc));
}

export function addCommonOptions(program: Command, say: Say): void {
  program.option(
    '--config <file>',
    say({
      zh: '设置文件，缺省为当前目录的 openscf.yml',
      en: 'settings file; openscf.yml of the current folder if not given',
    }),
  );
  program.option(
    '--endpoint <url>',
    say({
      zh: '服务地址，缺省为数据目录所记的地址',
      en: 'address of the server; the one noted in the data folder if not given',
    }),
  );
  program.option('--json', say({ zh: '以 JSON 输出结果', en: 'give results as JSON' }));
  for (const one of SETTINGS) if (EVERYWHERE.includes(one.name)) program.addOption(optionOf(one, say));
}

export function addServerOptions(command: Command, say: Say): Command {
  for (const one of SETTINGS) if (!EVERYWHERE.includes(one.name)) command.addOption(optionOf(one, say));
  return command;
}

/** Flags of some settings alone. */
export function addSettings(command: Command, names: readonly string[], say: Say): Command {
  for (const one of SETTINGS) if (names.includes(one.name)) command.addOption(optionOf(one, say));
  return command;
}

/** The settings given as flags, by name. */
export function flagsOf(command: Command): Record<string, unknown> {
  const given = command.optsWithGlobals<Record<string, unknown>>();
  const flags: Record<string, unknown> = {};
  for (const one of SETTINGS) {
    const value = given[new Option(one.flag).attributeName()];
    if (value !== undefined) flags[one.name] = value;
  }
  return flags;
}
