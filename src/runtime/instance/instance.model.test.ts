// An instance against a simple model: whatever happens in whatever order, each event runs once or comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../core/invocation.ts';
import { TOKEN } from '../testing-process.ts';
import { AHEAD } from './frames.ts';
import { markOf } from './logs.ts';
import { call, type Started, started } from './testing-instance.ts';

type Step =
  | { readonly do: 'send' | 'begin' | 'take back' | 'turn' }
  | { readonly do: 'answer'; readonly printed: string }
  | { readonly do: 'leak'; readonly bytes: number }
  | { readonly do: 'terminate'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'send' } as const) },
  { weight: 4, arbitrary: fc.constant({ do: 'begin' } as const) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('', '', 'x', 'long and longer', '\x1e', '为')
      .map(printed => ({ do: 'answer', printed }) as const),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }).map(bytes => ({ do: 'leak', bytes }) as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'take back' } as const) },
  { weight: 3, arbitrary: fc.constant({ do: 'turn' } as const) },
);

/** Of those that were sent last, mostly. */
const terminate = fc.integer({ min: 0, max: 6 }).map(which => ({ do: 'terminate', which }) as const);

/** One that is broken off while answers are on their way: events run in the function faster than this server hears. */
const race: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('', 'x'),
    fc.boolean(),
    terminate,
  )
  .map(([sent, ran, printed, begins, end]) => [
    ...Array.from({ length: sent }, () => ({ do: 'send' }) as const),
    { do: 'turn' },
    ...Array.from({ length: ran }, () => [{ do: 'begin' }, { do: 'answer', printed }] as const).flat(),
    ...(begins ? [{ do: 'begin' } as const] : []),
    end,
  ]);

/** What a bootstrap does with the events that it is sent, a step at a time. */
class Bootstrap {
  readonly #it: Started;
  /** Its frames are on the way until the next turn. */
  readonly #slow: boolean;
  #frames: (() => void)[] = [];
  #next = 0;
  #running: number | undefined;
  /** Printed, and still in the pipe. */
  #pipe = Buffer.alloc(0);
  /** Turn → what it printed. */
  readonly ran = new Map<number, string>();

  constructor(it: Started, slow: boolean) {
    this.#it = it;
    this.#slow = slow;
  }
  begin(): void {
    const { process } = this.#it;
    const turn = process.turns[this.#next];
    if (turn === undefined || this.#running !== undefined || process.killed) return;
    const ahead = ((process.flags[this.#next] ?? 0) & AHEAD) !== 0;
    this.#next++;
    if (ahead && !process.takeTurn(turn)) this.#say(() => process.decline(turn));
    else this.#running = turn;
  }
  answer(printed: string): void {
    const turn = this.#running;
    if (turn === undefined || this.#it.process.killed) return;
    this.#running = undefined;
    this.ran.set(turn, printed);
    if (printed !== '') this.#pipe = Buffer.concat([this.#pipe, Buffer.from(printed), markOf(TOKEN, turn)]);
    this.#say(() => this.#it.process.answer(`${turn}`, { turn, printed: printed !== '' }));
  }
  #say(frame: () => void): void {
    this.#frames.push(frame);
    if (!this.#slow) this.turn();
  }
  turn(): void {
    for (const frame of this.#frames.splice(0)) frame();
  }
  leak(bytes = this.#pipe.length): void {
    if (this.#pipe.length === 0 || this.#it.process.killed) return;
    this.#it.process.output.write(this.#pipe.subarray(0, bytes));
    this.#pipe = this.#pipe.subarray(bytes);
  }
  get running(): number | undefined {
    return this.#running;
  }
}

interface Story {
  readonly it: Started;
  readonly bootstrap: Bootstrap;
  readonly settled: Map<number, Outcome>;
  /** Turns in the order in which their callers were answered. */
  readonly order: number[];
  readonly back: number[];
  /** Those that were here and not over when they were to be broken off. */
  readonly terminated: Set<number>;
}

/** Takes the steps; events are named by their turns. */
async function tell(steps: readonly Step[], slow = false): Promise<Story> {
  const it = await started();
  const bootstrap = new Bootstrap(it, slow);
  const story: Story = { it, bootstrap, settled: new Map(), order: [], back: [], terminated: new Set() };
  for (const one of steps) {
    const { state } = it.instance;
    // Nobody sends one anything that gets no more.
    if (one.do === 'send' && (state === 'busy' || state === 'idle')) {
      const turn = it.instance.runs + 1;
      void it.begin(call(`${turn}`)).then(outcome => {
        story.settled.set(turn, outcome);
        story.order.push(turn);
      });
    } else if (one.do === 'begin') bootstrap.begin();
    else if (one.do === 'answer') bootstrap.answer(one.printed);
    else if (one.do === 'leak') bootstrap.leak(one.bytes);
    else if (one.do === 'turn') {
      bootstrap.turn();
      await it.turn();
    } else if (one.do === 'terminate') {
      const turn = it.instance.runs - one.which;
      if (it.instance.terminate(`${turn}`, false)) story.terminated.add(turn);
    } else if (one.do === 'take back')
      for (const { call } of it.instance.takeBack()) story.back.push(Number(call.event.requestId));
  }
  return story;
}

/** Those that came back by themselves. */
function returned(heard: readonly string[]): number[] {
  return heard.filter(line => line.startsWith('back ')).flatMap(line => line.slice(5).split(',').map(Number));
}

function check({ it, bootstrap, settled, order, back }: Story): void {
  const all = [...back, ...returned(it.heard)];
  assert.equal(new Set(all).size, all.length, 'none comes back twice');
  for (const turn of all) {
    assert.ok(!bootstrap.ran.has(turn), `turn ${turn} ran and came back`);
    assert.ok(!settled.has(turn), `turn ${turn} was answered and came back`);
  }
  for (let turn = 1; turn <= it.instance.runs; turn++)
    assert.ok(settled.has(turn) || all.includes(turn), `turn ${turn} is lost`);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
    'in the order in which they were sent',
  );
}

const steps = fc.array(step, { maxLength: 80 });

test('each event is answered with its own value and log, in order, or comes back without having run', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async steps => {
      const story = await tell(steps);
      const { it, bootstrap, settled } = story;
      for (let i = 0; i < 200 && (it.instance.load > 0 || bootstrap.running !== undefined); i++) {
        await it.turn();
        bootstrap.begin();
        bootstrap.answer('');
        bootstrap.leak();
      }
      await it.turn();
      check(story);
      assert.equal(it.process.killed, false);
      assert.equal(it.instance.state, 'idle');
      for (const [turn, outcome] of settled) {
        assert.equal(outcome.status, 200);
        assert.equal(outcome.body.toString(), `${turn}`);
        assert.equal(outcome.log, bootstrap.ran.get(turn), `log of turn ${turn}`);
        assert.ok(outcome.waitMs < 1000 && outcome.durationMs < 1000, 'times are those of this run');
      }
      await it.instance.end();
    }),
    { numRuns: 300 },
  );
});

test('the same up to a death at any moment: what ran is answered or fails, all else comes back', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, late) => {
      const story = await tell(steps);
      const { it, bootstrap, settled } = story;
      const { running } = bootstrap;
      if (late) await it.turn();
      it.process.die(1);
      await it.turn();
      await it.turn(300);
      check(story);
      assert.equal(it.instance.state, 'gone');
      if (running !== undefined) assert.equal(settled.get(running)?.status, 439);
      for (const [turn, outcome] of settled) {
        if (outcome.status === 200) assert.ok(bootstrap.ran.has(turn));
        else assert.equal(outcome.status, 439);
        assert.ok(outcome.durationMs < 1000, `${outcome.durationMs} ms`);
      }
    }),
    { numRuns: 300 },
  );
});

const one = fc.oneof({ weight: 8, arbitrary: step }, terminate).map(step => [step]);
const ends = fc.array(fc.oneof({ weight: 6, arbitrary: one }, race), { maxLength: 40 });

async function breakOff(steps: readonly Step[]): Promise<void> {
  const story = await tell(steps, true);
  const { it, bootstrap, settled, terminated, order } = story;
  for (let i = 0; i < 200 && it.instance.load > 0; i++) {
    bootstrap.turn();
    await it.turn();
    bootstrap.begin();
    bootstrap.answer('');
    bootstrap.leak();
  }
  await it.turn(300);
  // Those that had not begun were answered at once.
  check({ ...story, order: order.filter(turn => !terminated.has(turn)) });
  for (const turn of terminated) assert.equal(settled.get(turn)?.status, 499, `turn ${turn}`);
  for (const [turn, outcome] of settled) {
    assert.ok(outcome.durationMs < 1000 && outcome.waitMs < 1000, 'times are those of this run');
    if (terminated.has(turn)) continue;
    assert.deepEqual([outcome.status, outcome.body.toString()], [200, `${turn}`]);
  }
  await it.instance.end();
}

test('what was taken back stays so when less is taken back later', async () => {
  const [send, turn, begin, answer] = [
    { do: 'send' },
    { do: 'turn' },
    { do: 'begin' },
    { do: 'answer', printed: '' },
  ] as const;
  const end = (which: number) => ({ do: 'terminate', which }) as const;
  const first = [send, send, turn, begin, answer];
  await breakOff([...first, send, send, send, send, turn, begin, answer, begin, end(0), end(4)]);
});

test('those that are broken off end with 499, and no other comes to harm', async () => {
  await fc.assert(
    fc.asyncProperty(ends, parts => breakOff(parts.flat())),
    { numRuns: 1000 },
  );
});
