// Lines of measures as the table of docs/performance.md.

import type { Line, Measure } from './measure.ts';

export interface Row {
  readonly line: Line;
  readonly better: Measure['better'];
}

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ line: { measure, value, goal, ok, detail }, better }) => [
    `\`${measure}\``,
    value === null ? '–' : String(value),
    goal === null ? '–' : `${better === 'higher' ? '≥' : '≤'} ${goal}`,
    ok === null ? '' : ok ? 'met' : 'missed',
    detail.replaceAll('|', '\\|').replaceAll('\n', ' '),
  ]);
  const head = ['measure', 'value', 'goal', '', 'behind it'];
  const lines = [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
