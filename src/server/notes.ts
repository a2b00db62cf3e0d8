// What a user should know at start, in a line each.

import type { Language } from '../core/errors.ts';

export interface NotesOf {
  readonly lang: Language;
  readonly driver: {
    readonly name: string;
    /** What is not kept apart. */
    readonly weaker: readonly { readonly brief: Readonly<Record<Language, string>> }[];
    /** Why the full sandbox was not taken. */
    readonly instead?: Readonly<Record<Language, string>>;
  };
  /** Examples that were left out: their runtime is missing. */
  readonly examplesLeft: readonly string[];
}

export function notesOf({ lang, driver, examplesLeft }: NotesOf): readonly string[] {
  const say = (zh: string, en: string) => (lang === 'zh' ? zh : en);
  const notes = [
    ...(driver.instead
      ? [say(`未使用 bwrap 沙箱：${driver.instead.zh}。`, `Not in the bwrap sandbox: ${driver.instead.en}.`)]
      : []),
    limitsOf(driver, lang),
    say(
      '尚未实现、未打开的端口：COS（portCos）、MQTT。',
      'Not built yet, so not opened: COS (portCos), MQTT.',
    ),
  ];
  if (examplesLeft.length > 0) {
    const names = examplesLeft.join(', ');
    notes.push(
      say(`缺少运行环境，未部署示例：${names}。`, `Examples left out, as their runtime is missing here: ${names}.`),
    );
  }
  return notes;
}

/** One line; `doctor` has the reasons, and what helps. */
function limitsOf({ name, weaker }: NotesOf['driver'], lang: Language): string {
  const brief = weaker.map(one => one.brief[lang]);
  if (lang === 'zh') {
    const kept = name === 'process' ? '普通进程只防误操作、不防恶意代码' : '沙箱未隔离或限制的部分';
    return `${kept}：${brief.join('；')}。详见 openscf doctor。`;
  }
  const kept = name === 'process' ? 'Plain processes keep mistakes apart, not malice' : 'What the sandbox leaves open';
  return `${kept}: ${brief.join('; ')}. openscf doctor tells more.`;
}
