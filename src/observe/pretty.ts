// A log line for people: time, level, text, then the fields; stacks below.

interface Line {
  readonly level: string;
  readonly time: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

export function prettyLine(json: string): string {
  const { level, time, text, ...fields } = JSON.parse(json) as Line;
  const shown: string[] = [];
  const stacks: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const stack = stackOf(value);
    if (stack === undefined) shown.push(` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    else stacks.push(`${indent(stack)}\n`);
  }
  // ISO time: the date is known to whoever watches.
  return `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${text}${shown.join('')}\n${stacks.join('')}`;
}

/** An error's stack, those of its causes below. */
function stackOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('stack' in value) || typeof value.stack !== 'string')
    return undefined;
  const cause = 'cause' in value ? (stackOf(value.cause) ?? JSON.stringify(value.cause)) : undefined;
  return cause === undefined ? value.stack : `${value.stack}\ncaused by ${cause}`;
}

const indent = (text: string) => text.replace(/^/gm, '  ');
