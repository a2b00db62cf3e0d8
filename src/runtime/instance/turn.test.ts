import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { openTurns } from '../sandbox/turns.ts';
import { begun, revoke } from './turn.ts';

// --- every order in which the two sides can take their steps -----------------------------------------------------

type Frame = { readonly answer: number } | { readonly declined: number };

/** All that both sides know, between two steps. */
interface State {
  readonly begun: number;
  readonly revoked: number;
  /** The instance: the turn that it looks at, and whether it has taken the first of its two steps. */
  readonly turn: number;
  readonly half: boolean;
  readonly frames: readonly Frame[];
  /** This server: events that are the instance's, oldest first, with a mark on those that may be taken back. */
  readonly sent: number;
  readonly runs: readonly { readonly turn: number; readonly ahead: boolean }[];
  readonly revokes: number;
  readonly revoking: boolean;
  /** What became of the turns. */
  readonly ran: readonly number[];
  readonly back: readonly number[];
}

const START: State = {
  begun: 0,
  revoked: 0,
  turn: 1,
  half: false,
  frames: [],
  sent: 0,
  runs: [],
  revokes: 0,
  revoking: false,
  ran: [],
  back: [],
};

interface Protocol {
  readonly sends: number;
  readonly revokes: number;
  /** How each side takes its two steps; reading first is the fault that this protocol avoids. */
  readonly instance: 'write first' | 'read first';
  readonly server: 'write first' | 'read first';
  /** Whether frames say what was left out. */
  readonly declines: boolean;
}

const AS_BUILT: Protocol = {
  sends: 5,
  revokes: 3,
  instance: 'write first',
  server: 'write first',
  declines: true,
};

/** The states after one more step of either side. `seen` is what the faulty order has read before it writes. */
function* steps(state: State & { readonly seen?: number }, protocol: Protocol): Generator<State> {
  const { turn, half, frames, sent, runs, revoking, back } = state;
  // The instance.
  const mayBeTakenBack = state.runs.find(run => run.turn === turn)?.ahead ?? true;
  if (turn <= sent) {
    if (!mayBeTakenBack) {
      yield { ...state, turn: turn + 1, ran: [...state.ran, turn], frames: [...frames, { answer: turn }] };
    } else if (!half) {
      if (protocol.instance === 'write first') yield { ...state, half: true, begun: turn };
      else yield Object.assign({ ...state, half: true }, { seen: state.revoked });
    } else {
      const revoked = protocol.instance === 'write first' ? state.revoked : (state.seen ?? 0);
      const over = { ...state, turn: turn + 1, half: false, begun: turn };
      if (turn > revoked) yield { ...over, ran: [...state.ran, turn], frames: [...frames, { answer: turn }] };
      else yield { ...over, frames: protocol.declines ? [...frames, { declined: turn }] : frames };
    }
  }
  // This server takes its two steps without hearing or sending anything between them.
  const [head] = runs;
  if (revoking) {
    const seen = protocol.server === 'write first' ? state.begun : (state as { seenBegun?: number }).seenBegun;
    const began = Math.max(head?.turn ?? 0, seen ?? 0);
    const kept = runs.filter(run => run.turn <= began);
    const taken = runs.filter(run => run.turn > began).map(run => run.turn);
    yield { ...state, revoking: false, revoked: sent, runs: kept, back: [...back, ...taken] };
    return;
  }
  if (sent < protocol.sends) {
    yield { ...state, sent: sent + 1, runs: [...runs, { turn: sent + 1, ahead: runs.length > 0 }] };
  }
  if (state.revokes < protocol.revokes && runs.length > 1) {
    const begins = { ...state, revoking: true, revokes: state.revokes + 1 };
    if (protocol.server === 'write first') yield { ...begins, revoked: sent };
    else yield Object.assign(begins, { seenBegun: state.begun });
  }
  const [frame, ...rest] = frames;
  if (!frame) return;
  if ('answer' in frame) {
    // Anything else would be a forged answer.
    if (head?.turn !== frame.answer) throw new Error(`turn ${frame.answer} ran and was taken back`);
    yield { ...state, frames: rest, runs: runs.slice(1) };
  } else {
    const mine = runs.some(run => run.turn === frame.declined);
    yield {
      ...state,
      frames: rest,
      runs: runs.filter(run => run.turn !== frame.declined),
      back: mine ? [...back, frame.declined] : back,
    };
  }
}

/** Walks through all states; how many there are, and how many end. */
function explore(protocol: Protocol, look: (state: State) => void = () => {}): { states: number; ends: number } {
  const known = new Set<string>();
  const open: State[] = [START];
  let ends = 0;
  for (let state = open.pop(); state; state = open.pop()) {
    const key = JSON.stringify(state);
    if (known.has(key)) continue;
    known.add(key);
    look(state);
    for (const turn of state.ran) assert.ok(!state.back.includes(turn), `turn ${turn} runs twice`);
    const next = [...steps(state, protocol)];
    if (next.length === 0) {
      ends++;
      const settled = [...state.ran, ...state.back].sort((a, b) => a - b);
      assert.deepEqual(settled, [1, 2, 3, 4, 5].slice(0, protocol.sends), 'an event is lost');
      assert.deepEqual(state.runs, [], 'an event is awaited for ever');
    }
    open.push(...next);
  }
  return { states: known.size, ends };
}

test('in any order of the steps each event runs once or comes back once', () => {
  const { states, ends } = explore(AS_BUILT);
  assert.ok(states > 5000 && ends > 100, `${states} states, ${ends} ends`);
});

test('after a death at any moment, what lies above the last turn that began has not run', () => {
  explore({ ...AS_BUILT, sends: 4 }, state => {
    if (state.revoking) return;
    const began = Math.max(state.runs[0]?.turn ?? 0, state.begun);
    for (const run of state.runs) assert.ok(run.turn <= began || !state.ran.includes(run.turn));
  });
});

test('the walk finds what is wrong with every other protocol', () => {
  assert.throws(() => explore({ ...AS_BUILT, instance: 'read first' }), /twice|taken back/);
  assert.throws(() => explore({ ...AS_BUILT, server: 'read first' }), /twice|taken back/);
  assert.throws(() => explore({ ...AS_BUILT, declines: false }), /awaited for ever|lost|taken back/);
});

// --- the file ----------------------------------------------------------------------------------------------------

function words(fd: number): number[] {
  const bytes = Buffer.alloc(16);
  readSync(fd, bytes, 0, 16, 0);
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
}

function put(fd: number, value: number, at: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  writeSync(fd, bytes, 0, 4, at);
}

test('the words lie where bootstraps look for them', () => {
  const fd = openTurns();
  try {
    assert.equal(begun(fd), 0);
    put(fd, 0x01020304, 0);
    assert.equal(begun(fd), 0x01020304);
    assert.equal(revoke(fd, 0xfffffffe), 0x01020304);
    assert.deepEqual(words(fd), [0x01020304, 0, 0xfffffffe, 0]);
  } finally {
    closeSync(fd);
  }
});

test('a file that the function has cut off says that all may have begun', () => {
  const fd = openTurns();
  try {
    put(fd, 7, 0);
    ftruncateSync(fd, 0);
    assert.equal(begun(fd), Number.POSITIVE_INFINITY);
  } finally {
    closeSync(fd);
  }
});

// --- two processes -----------------------------------------------------------------------------------------------

// Why the order holds on processors that reorder loads and stores (ARM) as well: a write to a file holds the inode's
// lock for itself, and a lock's release and the next acquire order all that lies before the one and after the other.
// Of the two writes one has the lock first. The other side's read comes after its own acquire, and thus after that
// first write. Reads alone take no lock; none has to be ordered against the other side's read.

const SENT_AT = 12;
const LAST = 0xffffffff;
const LANGUAGES = join(import.meta.dirname, '..', 'languages');

/** Runs every turn that it may, as soon as it is sent; tells at its end which they were. */
const IN_NODE = `
const fs = require('fs');
const { takeTurn } = require(${JSON.stringify(join(LANGUAGES, 'node', 'channel.cjs'))});
const ran = [], declined = [];
const word = Buffer.alloc(4);
const givenUpAt = Date.now() + 100_000;
for (let turn = 1; ; turn++) {
  let sent = 0;
  do {
    fs.readSync(4, word, 0, 4, ${SENT_AT});
    sent = word.readUInt32LE(0);
    if (Date.now() > givenUpAt) process.exit(1);
  } while (sent < turn);
  if (sent === ${LAST}) break;
  (takeTurn(turn) ? ran : declined).push(turn);
}
console.log(JSON.stringify({ ran, declined }));
`;

const IN_PYTHON = `
import json, os, struct, sys, time
sys.path.insert(0, ${JSON.stringify(join(LANGUAGES, 'python'))})
sys.dont_write_bytecode = True
import bootstrap
ran, declined, turn = [], [], 1
given_up_at = time.time() + 100
while True:
    sent = 0
    while sent < turn:
        if time.time() > given_up_at:
            sys.exit(1)
        sent = struct.unpack('<I', os.pread(4, 4, ${SENT_AT}))[0]
    if sent == ${LAST}:
        break
    (ran if bootstrap.take_turn(turn) else declined).append(turn)
    turn += 1
print(json.dumps({'ran': ran, 'declined': declined}))
`;

/** The words' own time, not the clock of anything that waits. */
const HAMMER_MS = 700;
const GIVE_UP_MS = 100_000;
/** Batches, on a machine that is busy with other things. */
const LEAST = 100;

async function hammer(command: string, args: readonly string[]): Promise<void> {
  const fd = openTurns();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ignore', fd] });
  after(() => child.kill('SIGKILL'));
  const told = text(child.stdout as Readable);
  const taken = new Set<number>();
  let sent = 0;
  let batches = 0;
  const send = (count: number) => {
    sent += count;
    put(fd, sent, SENT_AT);
  };
  // Nothing else runs while one side waits for the other: who dies must not leave the other at it.
  const givenUpAt = performance.now() + GIVE_UP_MS;
  const waitFor = (turn: number) => {
    while (begun(fd) < turn)
      assert.ok(performance.now() < givenUpAt, `the other process got no further than ${begun(fd)}`);
  };
  send(1);
  while (begun(fd) === 0) {
    assert.equal(child.exitCode, null, 'the other process has ended');
    await new Promise(setImmediate);
  }
  const began = performance.now();
  for (; batches < LEAST || performance.now() < began + HAMMER_MS; batches++) {
    const first = sent + 1;
    send(2 + (batches % 8));
    // From no time at all to longer than the child takes for all of them.
    for (let i = 0; i < batches % 7; i++) begun(fd);
    // And now and then in the middle of them, whoever has the core.
    if (batches % 4 === 0) waitFor(Math.min(sent, first + 1 + (batches % 5)));
    const last = revoke(fd, sent);
    for (let turn = Math.max(first, last + 1); turn <= sent; turn++) taken.add(turn);
    // Now and then the child catches up.
    if (batches % 16 === 0) waitFor(sent);
  }
  waitFor(sent);
  put(fd, LAST, SENT_AT);
  const { ran, declined } = JSON.parse(await told) as { ran: number[]; declined: number[] };
  closeSync(fd);
  const twice = ran.filter(turn => taken.has(turn));
  assert.deepEqual(twice, [], 'taken back and run');
  const left = new Set(declined);
  const lost = [...taken].filter(turn => !left.has(turn));
  assert.deepEqual(lost, [], 'taken back, and the child does not know');
  assert.equal(ran.length + declined.length, sent, 'each turn once');
  assert.ok(ran.length > 20, `${ran.length} ran`);
  assert.ok(taken.size > 20, `${taken.size} were taken back`);
}

test('no turn is both taken back and run, with another process at the file all the time', () =>
  hammer(process.execPath, ['-e', IN_NODE]));

const python = ['python3', 'python'].find(name => spawnSync(name, ['--version']).status === 0);

test('the same with the words as Python writes them', { skip: python === undefined && 'no Python here' }, () =>
  hammer(python ?? '', ['-c', IN_PYTHON]),
);
