// What a function tries with the channel between its instance and the server: to speak out of turn, for others, or too much.
// Whatever it says, it is believed about its own event alone, or ended.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Outcome } from '../../src/core/invocation.ts';
import { EARLY, encodeFrame, FROM_INSTANCE } from '../../src/runtime/instance/frames.ts';
import { type Attack, descendants, type Ground, ground, sandboxed, sandboxedPython, until } from './escape.ts';

const RESULT = FROM_INSTANCE.result;

/** RESULT, ERROR or ENDED of a turn. */
function answer(type: number, turn: number, body = '"forged"', flags = 0): Buffer {
  const head = Buffer.alloc(9);
  head[0] = flags;
  head.writeUInt32BE(turn, 1);
  return encodeFrame(type, Buffer.concat([head, Buffer.from(body)]));
}

const turnOf = (turn: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(turn);
  return bytes;
};

/** Sends bytes as the bootstrap would, then goes on for a while. */
const SEND = `
  const bytes = Buffer.from(event.bytes, 'base64');
  const send = () => { for (let at = 0; at < bytes.length; ) at += require('fs').writeSync(3, bytes, at); };`;
const NOW = `${SEND} send(); await new Promise(resolve => setTimeout(resolve, 100)); return 'real';`;
const LATER = `${SEND} setTimeout(send, 20); return 'real';`;

describe('the channel of an instance', sandboxed, () => {
  let at: Ground;
  let attack: Attack;
  let bystander: Attack;
  let times = 0;

  before(async () => {
    at = await ground();
    attack = await at.attack('attacker');
    bystander = await at.attack('bystander');
    times = await bystander.calledTimes();
  });
  after(() => at?.[Symbol.asyncDispose]());

  async function bystanderGoesOn(): Promise<void> {
    assert.equal(await bystander.calledTimes(), ++times, 'its instance has been ended');
  }

  function ended(): Promise<void> {
    return until(() => at.runtime.stats().instances.every(one => !one.function.endsWith('/attacker')), 'its end');
  }

  /** A fresh instance, so that the attack is turn 1. */
  async function saying(bytes: Buffer): Promise<Outcome> {
    attack.end();
    const outcome = await attack.outcome(NOW, { bytes: bytes.toString('base64') });
    assert.equal(await attack.node(`return 'next'`), 'next');
    await bystanderGoesOn();
    return outcome;
  }

  const ENDS_IT: Readonly<Record<string, Buffer>> = {
    'an answer to an event that it has not got': answer(RESULT, 2),
    'an answer to an event long over': answer(RESULT, 0),
    'an answer to the highest turn': answer(RESULT, 0xffffffff),
    'an error for an event that it has not got': answer(FROM_INSTANCE.error, 2, '\x01\xae\0\0\0\0'),
    'the end of a run without an answer': answer(FROM_INSTANCE.ended, 1, ''),
    'that it cannot be loaded, while it runs': encodeFrame(FROM_INSTANCE.loadError, Buffer.from('\x01\xbbno')),
    'that it is ready, once more': encodeFrame(FROM_INSTANCE.ready, Buffer.alloc(0)),
    'that it has left out what it runs': encodeFrame(FROM_INSTANCE.declined, turnOf(1)),
    'a frame of the other direction': encodeFrame(1, Buffer.from('{"handler":"x"}')),
    'a frame of no known kind': encodeFrame(99, Buffer.alloc(10)),
    'a frame of 4 GB': Buffer.from([0xff, 0xff, 0xff, 0xff, RESULT]),
    'a frame just over the limit': Buffer.from([0x7f, 0xff, 0xff, 0xff, RESULT]),
    'an answer shorter than its head': encodeFrame(RESULT, Buffer.alloc(8)),
    'an error whose message is longer than its frame': answer(FROM_INSTANCE.error, 1, '\x01\xae\xff\xff\xff\xffx'),
    'no frames at all': Buffer.from('GET / HTTP/1.1\r\nHost: server\r\n\r\n'),
  };
  for (const [what, bytes] of Object.entries(ENDS_IT))
    test(`${what}: it is ended`, async () => {
      const outcome = await saying(bytes);
      assert.deepEqual([outcome.status, String(outcome.body)], [439, '']);
    });

  for (const [what, bytes] of Object.entries({
    'its own answer before the time': answer(RESULT, 1),
    'two early answers': Buffer.concat([answer(RESULT, 1, '"forged"', EARLY), answer(RESULT, 1, '"again"', EARLY)]),
  }))
    test(`${what}: the first is believed, the next ends it`, async () => {
      attack.end();
      const outcome = await attack.outcome(NOW, { bytes: bytes.toString('base64') });
      assert.deepEqual([outcome.status, String(outcome.body)], [200, '"forged"']);
      await ended();
      assert.equal(await attack.node(`return 'next'`), 'next');
      await bystanderGoesOn();
    });

  for (const [what, bytes] of Object.entries({
    'an answer to the event that comes next': answer(RESULT, 2),
    'many answers ahead': Buffer.concat(Array.from({ length: 100 }, (_, i) => answer(RESULT, i + 2))),
    'an answer given already': answer(RESULT, 1),
  }))
    test(`${what}, while it idles: the next event is not answered by it`, async () => {
      attack.end();
      const bytes64 = bytes.toString('base64');
      assert.equal((await attack.outcome(LATER, { bytes: bytes64 })).status, 200);
      await ended();
      assert.equal(await attack.node(`return 'next'`), 'next');
      await bystanderGoesOn();
    });

  test('half a frame: it runs into its time limit', async () => {
    attack.end();
    const outcome = await attack.nodeRunsOut(
      `${SEND} send(); await new Promise(() => setInterval(() => {}, 1e6));`,
      async () => {
        for (let i = 0; i < 20; i++) await bystanderGoesOn();
      },
      { bytes: Buffer.from([0, 0, 1, 0, RESULT, 1]).toString('base64') },
    );
    assert.equal(outcome.status, 433);
    assert.equal(await attack.node(`return 'next'`), 'next');
    await bystanderGoesOn();
  });

  test('closing the channel', async () => {
    for (const script of [
      `require('fs').closeSync(3)`,
      `require('child_process').spawnSync('sh', ['-c', 'exec 3>&-'])`,
    ]) {
      attack.end();
      const { status } = await attack.outcome(
        `${script}; await new Promise(resolve => setTimeout(resolve, 50)); return 1`,
      );
      assert.ok([200, 433, 439].includes(status), `${status}`);
      assert.equal(await attack.node(`return 'next'`), 'next');
    }
    await bystanderGoesOn();
  });

  /** Many events at once: some are sent ahead to instances that still run another. One of them attacks. */
  async function burst(script: string): Promise<{ readonly attacker: Outcome; readonly others: readonly Outcome[] }> {
    const one = await at.attack(`burst${Math.floor(times)}`);
    const quick = (number: number) => one.outcome('return event.number', { number });
    for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 50 }, (_, i) => quick(i)));
    const calls = Array.from({ length: 60 }, (_, i) => (i === 5 ? one.outcome(script) : quick(i)));
    const outcomes = await Promise.all(calls);
    const [attacker] = outcomes.splice(5, 1);
    assert.ok(attacker);
    assert.equal(await one.node(`return 'next'`), 'next');
    await bystanderGoesOn();
    return { attacker, others: outcomes };
  }

  /** Each has its own answer, or has been ended together with the attacker: events of the same function. */
  function nobodyElses(others: readonly Outcome[]): void {
    for (const [i, { status, body }] of others.entries())
      if (status === 200) assert.equal(String(body), String(i < 5 ? i : i + 1));
      else assert.equal(status, 439);
    assert.ok(others.filter(one => one.status === 200).length > 10);
  }

  test('answers to the events that were sent ahead: each gets its own, from elsewhere', async () => {
    const frames = Array.from({ length: 400 }, (_, i) => answer(RESULT, 400 - i).toString('base64'));
    for (const frame of [frames[0], frames[150], frames[195]]) {
      const { others } = await burst(`
        require('fs').writeSync(3, Buffer.from('${frame}', 'base64'));
        await new Promise(resolve => setTimeout(resolve, 50));`);
      nobodyElses(others);
      assert.ok(others.every(one => String(one.body) !== '"forged"'));
    }
  });

  test('having left out events that were sent ahead, and itself', async () => {
    const frame = encodeFrame(FROM_INSTANCE.declined, turnOf(1)).toString('base64');
    const { others } = await burst(`
      const frame = Buffer.from('${frame}', 'base64');
      for (let turn = 1; turn < 400; turn++) { frame.writeUInt32BE(turn, 5); require('fs').writeSync(3, frame); }
      await new Promise(resolve => setTimeout(resolve, 20));`);
    nobodyElses(others);
  });

  test('words in the file of turns', async () => {
    const { others } = await burst(`
      require('fs').writeSync(4, Buffer.alloc(16, 255), 0, 16, 0);
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});`);
    nobodyElses(others);
  });

  test('a file of turns without any words', async () => {
    const { others } = await burst(`require('fs').ftruncateSync(4, 0); process.exit(0)`);
    nobodyElses(others);
  });

  test('marks in its output that end the logs of others', async () => {
    const outcome = await attack.outcome(`
      for (const turn of [0, 1, 2, 3, 1000]) for (const end of ['\\n', '\\0']) process.stdout.write('\\0' + '0'.repeat(32) + ' ' + turn + end);
      console.log('seen');
      return 1;`);
    assert.match(outcome.log, /seen/);
    assert.match((await attack.outcome(`console.log('own'); return 1`)).log, /own/);
    assert.doesNotMatch((await bystander.outcome(`console.log('mine'); return 1`)).log, /seen|own/);
  });

  test('descriptors sent to the server are not kept', sandboxedPython, async () => {
    const count = () => readdirSync('/proc/self/fd').length;
    await attack.python('answer = 1');
    const before = count();
    const outcome = await at.run(attack.inPython, {
      script: `
import array, os, socket, time
for number in (1, 3):
    channel = socket.socket(fileno=os.dup(number))
    fds = array.array('i', [os.open('/dev/null', 0) for _ in range(20)])
    sent = 0
    try:
        while sent < 20: sent += channel.sendmsg([b'\\n'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    except OSError: pass
    channel.detach()
    print('sent', sent, flush=True)
os.write(3, b'\\n' * 16)
time.sleep(0.2)`,
    });
    assert.equal(outcome.status, 439);
    assert.match(outcome.log, /sent 20/);
    assert.ok(count() <= before, `${count()} > ${before}`);
    await bystanderGoesOn();
  });

  test('the channel of another instance, and the pipes of the mount helper', sandboxedPython, async () => {
    const pids = descendants();
    assert.ok(pids.length > 3);
    const found = await attack.calls(
      pids.flatMap(pid => [
        ...[3, 4, 0, 1].map(fd => ['pidfd_getfd', pid, fd, 0] as const),
        ['pidfd_open', pid, 0, 0] as const,
      ]),
    );
    assert.deepEqual([...new Set(found)].sort(), ['EPERM', 'ESRCH']);
    const files = await attack.node<string[]>(
      `return event.pids.flatMap(pid => [0, 1, 3, 4].map(fd => attempt(() => require('fs').openSync('/proc/' + pid + '/fd/' + fd, 'r+'))))`,
      { pids },
    );
    assert.deepEqual([...new Set(files)], ['ENOENT']);
  });
});
