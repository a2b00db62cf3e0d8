import assert from 'node:assert/strict';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import type { Assignment, Exit, Places, Sandbox, SandboxSpec } from '../driver.ts';
import { trial } from './trial.ts';

class Fake implements Sandbox {
  readonly channel: Duplex;
  readonly output = new PassThrough();
  readonly exited: Promise<Exit>;
  readonly turnFd = -1;
  readonly assigned: Assignment[] = [];
  closed = 0;
  refuses: Error | undefined;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor(onGo: (fake: Fake) => void = () => {}) {
    const [near, far] = duplexPair();
    this.channel = near;
    this.exited = this.#exit.promise;
    far.once('data', () => onGo(this));
  }
  end(exit: Exit): void {
    this.#exit.resolve(exit);
  }
  async assign(assignment: Assignment): Promise<Places> {
    this.assigned.push(assignment);
    if (this.refuses) throw this.refuses;
    return { codeDir: '/var/user', optDir: '/opt', tmpDir: '/tmp' };
  }
  memoryBytes(): number {
    return 0;
  }
  peakBytes(): number {
    return 0;
  }
  oomKilled(): boolean {
    return false;
  }
  signal(): boolean {
    return false;
  }
  kill(): void {
    this.end({ code: null, signal: 'SIGKILL' });
  }
  close(): void {
    this.closed++;
  }
}

const FOLDER = { codeDir: '/folder', file: 'file' };
const clock = () => new TurnableClock(0);

test('all is well when the file that was brought in is there', async () => {
  const specs: SandboxSpec[] = [];
  const fake = new Fake(one => one.end({ code: 0, signal: null }));
  const start = (spec: SandboxSpec) => {
    specs.push(spec);
    return fake;
  };
  assert.equal(await trial({ start, ...FOLDER, late: true, clock: clock() }), undefined);
  assert.equal(specs[0]?.assignment, undefined);
  assert.deepEqual(specs[0]?.args.at(-1), 'file');
  assert.deepEqual([fake.assigned[0]?.codeDir, fake.closed], ['/folder', 1]);
});

test('where nothing can be brought in later it is there from the start', async () => {
  const specs: SandboxSpec[] = [];
  const fake = new Fake(one => one.end({ code: 0, signal: null }));
  const start = (spec: SandboxSpec) => {
    specs.push(spec);
    return fake;
  };
  assert.equal(await trial({ start, ...FOLDER, late: false, clock: clock() }), undefined);
  assert.equal(specs[0]?.assignment?.codeDir, '/folder');
});

test('what goes wrong is told', async () => {
  const outcome = (exit: Exit) => {
    const fake = new Fake(one => one.end(exit));
    return trial({ start: () => fake, ...FOLDER, late: true, clock: clock() });
  };
  assert.equal(await outcome({ code: null, signal: null, error: new Error('bwrap: no') }), 'bwrap: no');
  assert.equal(await outcome({ code: 2, signal: null }), 'the trial ended with exit code 2');
  assert.equal(await outcome({ code: null, signal: 'SIGSYS' }), 'the trial was ended by SIGSYS');
  const start = () => {
    throw new Error('no descriptors');
  };
  assert.equal(await trial({ start, ...FOLDER, late: true, clock: clock() }), 'no descriptors');
});

test('one that refuses its function is ended, and the refusal told', async () => {
  const fake = new Fake();
  fake.refuses = new Error('move_mount: no');
  assert.equal(await trial({ start: () => fake, ...FOLDER, late: true, clock: clock() }), 'move_mount: no');
  assert.equal(fake.closed, 1);
  // One that ended by itself says more.
  const dead = new Fake();
  dead.refuses = new Error('the sandbox has ended');
  dead.end({ code: 3, signal: null });
  assert.equal(
    await trial({ start: () => dead, ...FOLDER, late: true, clock: clock() }),
    'the trial ended with exit code 3',
  );
});

test('one that hangs is ended', async () => {
  const time = clock();
  const fake = new Fake();
  const result = trial({ start: () => fake, ...FOLDER, late: true, clock: time });
  await time.advance(14_000);
  assert.equal(fake.closed, 0);
  await time.advance(1_000);
  assert.equal(await result, 'the trial was ended by SIGKILL');
});
