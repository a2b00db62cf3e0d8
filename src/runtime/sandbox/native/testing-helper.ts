// A mount helper as a test talks to it: lines out, lines in.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { IS_ROOT, NOBODY, PROGRAM, toBeEnded } from './testing.ts';

/** As root, and in its own user namespace as an ordinary user. */
export const MODES = ['', '--userns'] as const;
type Mode = (typeof MODES)[number];

export type Helper = Awaited<ReturnType<typeof startHelper>>;

export async function startHelper(mode: Mode) {
  const child = toBeEnded(
    spawn(PROGRAM, mode === '' ? ['serve'] : ['serve', mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(mode === '--userns' && IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {}),
    }),
  );
  const exited = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const waiting = new Map<string, (text: string) => void>();
  const rest: ((line: string) => void)[] = [];
  let count = 0;
  const next = () => new Promise<string>(resolve => rest.push(resolve));
  const ready = await lines.next();
  void (async () => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      const id = line.value.split(' ')[0] ?? '';
      const one = waiting.get(id);
      waiting.delete(id);
      if (one) one(line.value.slice(id.length + 1));
      else rest.shift()?.(line.value);
    }
  })();
  const write = (text: string) => new Promise<void>(resolve => child.stdin.write(text, () => resolve()));
  return {
    mode,
    pid: Number(String(ready.value).split(' ')[1]),
    exited,
    next,
    write,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** One line as it is; the next line that answers no `ask`. */
    raw(line: string): Promise<string> {
      const answer = next();
      child.stdin.write(`${line}\n`);
      return answer;
    },
    /** The answer without its id. */
    ask(...fields: readonly (string | number)[]): Promise<string> {
      const id = `q${++count}`;
      const text = fields.map(field =>
        String(field).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n'),
      );
      child.stdin.write(`${[id, ...text].join('\t')}\n`);
      return new Promise(resolve => waiting.set(id, resolve));
    },
    async end(): Promise<number | null> {
      child.stdin.end();
      return exited;
    },
  };
}
