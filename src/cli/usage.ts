// Commander's complaints about the call itself, in both languages.

import type { CommanderError } from 'commander';
import type { Language } from '../core/errors.ts';

const ZH: Readonly<Record<string, string>> = {
  'commander.unknownOption': '没有选项 {0}。',
  'commander.unknownCommand': '没有命令 {0}。',
  'commander.missingArgument': '缺少参数 {0}。',
  'commander.optionMissingArgument': '选项 {0} 缺少取值。',
  'commander.missingMandatoryOptionValue': '缺少选项 {0}。',
  'commander.invalidArgument': '{0} 的取值不可用。',
  'commander.excessArguments': '参数过多。',
};

export function usageText(error: CommanderError, lang: Language): string {
  const help = { zh: '用 --help 查看用法。', en: 'See --help.' }[lang];
  const plain = error.message.replace(/^error: /, '');
  const near = /Did you mean (?:one of )?([^?]+)\?/.exec(plain)?.[1];
  const [first = ''] = plain.split('\n');
  const quoted = /'([^']+)'/.exec(first)?.[1] ?? '';
  if (lang === 'en') return `error: ${first.replace(/\.$/, '')}.${near ? ` Did you mean ${near}?` : ''} ${help}`;
  const line = ZH[error.code]?.replace('{0}', quoted) ?? first;
  return `错误：${line}${near ? `是否想用 ${near}？` : ''}${help}`;
}
