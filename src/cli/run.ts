// Builds the program, runs one command, turns errors into lines and exit codes.

import { Command, CommanderError } from 'commander';
import { languageOfLocale } from '../config.ts';
import { CloudError, type Language } from '../core/errors.ts';
import { caCommand } from './ca.ts';
import { certCommand } from './cert.ts';
import { concurrencyCommand } from './concurrency.ts';
import { configCommand } from './config.ts';
import { cosCommand } from './cos.ts';
import { deadlettersCommand } from './deadletters.ts';
import { deployCommand } from './deploy.ts';
import { doctorCommand } from './doctor.ts';
import { eventCommand } from './event.ts';
import { eventsCommand } from './events.ts';
import { Exit } from './exit.ts';
import { invokeCommand } from './invoke.ts';
import { type Io, type Say, sayer } from './io.ts';
import { layerCommand } from './layer.ts';
import { logsCommand } from './logs.ts';
import { lsCommand } from './ls.ts';
import { newCommand } from './new.ts';
import { addCommonOptions } from './options.ts';
import { replayCommand } from './replay.ts';
import { rmCommand } from './rm.ts';
import { runtimeCommand } from './runtime.ts';
import { startCommand } from './start.ts';
import { timeCommand } from './time.ts';
import { triggerCommand } from './trigger.ts';
import { usageText } from './usage.ts';
import { version } from './version.ts';

const COMMANDS = [
  startCommand,
  newCommand,
  deployCommand,
  triggerCommand,
  eventCommand,
  invokeCommand,
  logsCommand,
  eventsCommand,
  replayCommand,
  deadlettersCommand,
  concurrencyCommand,
  lsCommand,
  layerCommand,
  cosCommand,
  rmCommand,
  runtimeCommand,
  doctorCommand,
  configCommand,
  caCommand,
  certCommand,
  timeCommand,
];

/** Ends with this: the call itself was wrong. */
const USAGE = 2;

/** `args` without the program itself; gives the exit code. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const lang = language(args, io.env);
  const say = sayer(lang);
  try {
    const program = build(io, say);
    if (args.length === 0) {
      io.out(program.helpInformation());
      return 0;
    }
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.status;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // A command that wants another word has shown its help.
      if (error.code !== 'commander.help') io.note(`${usageText(error, lang)}\n`);
      return USAGE;
    }
    if (error instanceof CloudError) {
      const line =
        error.code.includes('.') && /^(Cli|Config|Project|Deploy|Server|Runtime)\./.test(error.code)
          ? ''
          : `${error.code}: `;
      io.note(`${say({ zh: '错误：', en: 'error: ' })}${line}${error.text(lang)}\n`);
      return 1;
    }
    throw error;
  }
}

function build(io: Io, say: Say): Command {
  const program = new Command('openscf');
  program.description(
    say({
      zh: '自托管的腾讯云云函数（SCF）及其触发器',
      en: 'self-hosted Tencent Cloud SCF (serverless functions) with its triggers',
    }),
  );
  addCommonOptions(program, say);
  program.version(version(), '-V, --version', say({ zh: '显示版本', en: 'show the version' }));
  for (const add of COMMANDS) add(program, io, say);
  dress(program, io, say);
  return program;
}

/** The same manners for the program and all commands below it. */
function dress(command: Command, io: Io, say: Say): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: text => io.out(text),
    writeErr: text => io.note(text),
    outputError: () => undefined,
  });
  command.helpOption('-h, --help', say({ zh: '显示帮助', en: 'show help' }));
  command.configureHelp({ showGlobalOptions: true, helpWidth: 110, styleTitle: title => titles(title, say) });
  if (command.commands.length > 0) {
    command.helpCommand(false);
    for (const inner of command.commands) dress(inner, io, say);
  }
}

function titles(title: string, say: Say): string {
  const zh: Readonly<Record<string, string>> = {
    'Usage:': '用法：',
    'Arguments:': '参数：',
    'Options:': '选项：',
    'Global Options:': '通用选项：',
    'Commands:': '命令：',
  };
  return say({ zh: zh[title] ?? title, en: title });
}

/** Help is built before the settings are read, so only the command line and the environment count here. */
function language(args: readonly string[], env: Io['env']): Language {
  const at = args.indexOf('--lang');
  const given =
    args.find(arg => arg.startsWith('--lang='))?.slice('--lang='.length) ?? (at >= 0 ? args[at + 1] : undefined);
  const wanted = given ?? env.OPENSCF_LANG;
  return wanted === 'zh' || wanted === 'en' ? wanted : languageOfLocale(env);
}
