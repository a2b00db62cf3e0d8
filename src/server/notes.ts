// What a user should know at start, in a line each.

import type { Language } from '../core/errors.ts';
import type { ExampleLeft } from './examples.ts';

export interface NotesOf {
  readonly lang: Language;
  readonly driver: {
    readonly name: string;
    /** What is not kept apart. */
    readonly weaker: readonly { readonly brief: Readonly<Record<Language, string>> }[];
    /** Why the full sandbox was not taken. */
    readonly instead?: Readonly<Record<Language, string>>;
  };
  readonly examplesLeft: readonly ExampleLeft[];
}

export function notesOf({ lang, driver, examplesLeft }: NotesOf): readonly string[] {
  const say = (zh: string, en: string) => (lang === 'zh' ? zh : en);
  const notes = [
    ...(driver.instead
      ? [say(`未使用 bwrap 沙箱：${driver.instead.zh}。`, `Not in the bwrap sandbox: ${driver.instead.en}.`)]
      : []),
    limitsOf(driver, lang),
  ];
  return [...notes, ...leftNotes(examplesLeft, lang)];
}

function leftNotes(left: readonly ExampleLeft[], lang: Language): string[] {
  const notes: string[] = [];
  const missing = left.filter(one => one.install === undefined).map(one => one.name);
  if (missing.length > 0) {
    const names = missing.join(', ');
    notes.push(
      lang === 'zh'
        ? `缺少运行环境，未部署示例：${names}。`
        : `Examples left out, as their runtime is missing here: ${names}.`,
    );
  }
  const lines = Map.groupBy(left, one => one.install);
  const waiting = [...lines].flatMap(([line, these]) =>
    line === undefined ? [] : [`${these.map(one => one.name).join(', ')} (${line})`],
  );
  if (waiting.length > 0) {
    notes.push(
      lang === 'zh'
        ? `示例需先安装依赖：${waiting.join('、')}。先执行 openscf new <示例>，在其目录中安装，再执行 openscf deploy <示例>。`
        : `Examples to install first: ${waiting.join(', ')}. openscf new <example>, that line in its folder, then openscf deploy <example>`,
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
