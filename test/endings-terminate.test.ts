// Asynchronous executions that a user terminates, wherever they are, and instances of executions that fail.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { freshMark, gone, LANGUAGES, NAMES, openStage, type RuntimeId, type Stage, skipOf } from './endings.ts';
import { until } from './fixture.ts';

const stage = await openStage();
after(() => stage.close());

const RECEIVED = '[PLATFORM] Signal received successfully.';

/** `begins` runs in the handler of every event; what it returns, if anything, is the answer. */
const CODE: Readonly<Record<RuntimeId, (parts: Parts) => string>> = {
  'Nodejs18.15': ({ loads = '', begins = '' }) => `
const { spawn } = require('child_process');
const born = process.hrtime.bigint().toString();
${loads}
exports.main_handler = event => new Promise((done, failed) => {
  if (event.how === 'id') return done(born);
  if (event.how === 'fails') return failed(new Error('as asked'));
  if (event.name) ${NAMES['Nodejs18.15']('event.name')}
  console.log('begun');
  ${begins}
  setTimeout(() => {}, 1e8);
});`,
  'Python3.9': ({ loads = '', begins = '' }) => `
import os, signal, subprocess, sys, threading, time
born = str(time.perf_counter_ns()) + str(os.urandom(4))
${loads}
def main_handler(event, context):
    if event.get('how') == 'id': return born
    if event.get('how') == 'fails': raise ValueError('as asked')
    if event.get('name'): ${NAMES['Python3.9']("event['name']")}
    print('begun')
    ${begins}
    while True: time.sleep(1000)
`,
};

interface Parts {
  readonly loads?: string;
  readonly begins?: string;
}

type Code = Parameters<Stage['make']>[1];

interface Execution {
  readonly name: string;
  readonly id: string;
}

/** The actions of asynchronous executions on a server. */
function actor(at: Stage) {
  const { sdk } = at;
  return {
    make(runtime: RuntimeId, code: Code, more: object = {}): Promise<string> {
      return at.make(runtime, code, {
        AsyncRunEnable: 'TRUE',
        TraceEnable: 'TRUE',
        Timeout: 86_400,
        ...more,
      });
    },
    async begin(name: string, event: object = {}): Promise<Execution> {
      const { Result } = await sdk.Invoke({ FunctionName: name, ClientContext: JSON.stringify(event) });
      const id = Result?.FunctionRequestId;
      assert.ok(id);
      return { name, id };
    },
    terminate: ({ name, id }: Execution, GraceShutdown = false) =>
      sdk.TerminateAsyncEvent({ FunctionName: name, InvokeRequestId: id, GraceShutdown }),
    /** While it runs what it has printed so far. */
    async log({ name, id }: Execution): Promise<string> {
      const { Data } = await sdk.GetFunctionLogs({ FunctionName: name, FunctionRequestId: id });
      return Data?.[0]?.Log ?? '';
    },
    printed(one: Execution, text: string | RegExp): Promise<string | false> {
      return until(`${text} is in the log`, async () => {
        const log = await this.log(one);
        return (typeof text === 'string' ? log.includes(text) : text.test(log)) && log;
      });
    },
    state: async ({ id }: Execution) => {
      const { Result } = await sdk.GetAsyncEventStatus({ InvokeRequestId: id });
      return `${Result?.Status} ${Result?.StatusCode}`;
    },
    async ends(one: Execution, state: string): Promise<void> {
      const found = await until('it has ended', async () => {
        const now = await this.state(one);
        return !now.startsWith('RUNNING') && now;
      });
      assert.equal(found, state, await this.log(one));
    },
    /** The whole log of one that has ended. */
    async ended(one: Execution, state: string): Promise<string> {
      await this.ends(one, state);
      return until('its log is kept', async () => {
        const { Data } = await sdk.GetFunctionLogs({ FunctionName: one.name, FunctionRequestId: one.id });
        const [row] = Data ?? [];
        return row?.InvokeFinished === 1 && `${row.Log}`;
      });
    },
  };
}

const act = actor(stage);

/** A handler for SIGTERM. */
const HANDLES: Readonly<Record<RuntimeId, (what: 'answers' | 'exits' | 'ignores') => Parts>> = {
  'Nodejs18.15': what => ({
    begins: `process.on('SIGTERM', () => {
      console.log('heard');
      ${{ answers: "done('saved');", exits: 'process.exit(0);', ignores: '' }[what]}
    });
    console.log('ready');`,
  }),
  'Python3.9': what => ({
    loads: `
class Saved(Exception): pass
def heard(*_):
    print('heard')
    ${{ answers: 'raise Saved()', exits: 'sys.exit(0)', ignores: 'pass' }[what]}
signal.signal(signal.SIGTERM, heard)
`,
    begins: `print('ready')
    try:
        while True: time.sleep(1000)
    except Saved:
        return 'saved'`,
  }),
};

/** A program, in a session of its own or not, that would live for ever. */
const STARTS: Readonly<Record<RuntimeId, (detached: boolean) => string>> = {
  'Nodejs18.15': detached =>
    `spawn('sh', ['-c', 'printf %s "$0" > /proc/self/comm; trap "" TERM HUP; while :; do sleep 1; done', event.child], { detached: ${detached}, stdio: 'ignore' });`,
  'Python3.9': detached =>
    `subprocess.Popen(['sh', '-c', 'printf %s "$0" > /proc/$$/comm; trap "" TERM HUP; while :; do sleep 1; done', event['child']], start_new_session=${detached ? 'True' : 'False'})`,
};

/** Code that gives itself that name and is loaded once it is told by SIGUSR2. */
const LOADING: Readonly<Record<RuntimeId, (name: string) => Code>> = {
  'Nodejs18.15': name => ({
    'index.mjs': `
import fs from 'node:fs';
const told = new Promise(done => process.once('SIGUSR2', done));
fs.writeFileSync('/proc/self/comm', '${name}');
await told;
export const main_handler = async () => console.log('begun');`,
  }),
  'Python3.9': name => `
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
${NAMES['Python3.9'](`'${name}'`)}
signal.sigwait([signal.SIGUSR2])
def main_handler(event, context):
    print('begun')
`,
};

for (const runtime of LANGUAGES) {
  describe(`${runtime}: terminated`, { skip: skipOf(runtime), concurrency: 2 }, () => {
    test('while it runs: 499, its processes end, and the next one works', async () => {
      const sessions = stage.endsSessions || stage.driver !== 'process';
      const name = await act.make(runtime, CODE[runtime]({ begins: STARTS[runtime](sessions) }));
      const [own, child] = [freshMark(), freshMark()];
      const one = await act.begin(name, { name: own, child });
      await act.printed(one, 'begun');
      await until('both live', async () => stage.named(own).length === 1 && stage.named(child).length === 1);
      await act.terminate(one);
      assert.match(await act.ended(one, 'ABORTED 499'), /begun/);
      await gone(() => [...stage.named(own), ...stage.named(child)]);
      await act.ends(await act.begin(name, { how: 'id' }), 'FINISHED 200');
    });

    test('while its code is loaded: it never runs, and the start goes on for whoever comes next', async () => {
      const name = freshMark();
      const execution = await act.make(runtime, LOADING[runtime](name));
      const one = await act.begin(execution);
      const [pid] = await until('it loads', async () => stage.named(name).length === 1 && stage.named(name));
      assert.ok(pid);
      await act.terminate(one);
      assert.doesNotMatch(await act.ended(one, 'ABORTED 499'), /begun/);
      const next = await act.begin(execution);
      process.kill(pid, 'SIGUSR2');
      const log = await act.ended(next, 'FINISHED 200');
      assert.equal(log.split('begun').length - 1, 1, log);
      assert.deepEqual(stage.named(name), [pid], 'on the same instance');
    });

    test('gracefully and unhandled: the process exits, 439', async () => {
      const name = await act.make(runtime, CODE[runtime]({ begins: STARTS[runtime](false) }));
      const [own, child] = [freshMark(), freshMark()];
      const one = await act.begin(name, { name: own, child });
      await act.printed(one, 'begun');
      await until('both live', async () => stage.named(own).length === 1 && stage.named(child).length === 1);
      await act.terminate(one, true);
      const log = await act.ended(one, 'FAILED 439');
      assert.match(log, /begun/);
      assert.ok(log.includes(RECEIVED), log);
      await gone(() => [...stage.named(own), ...stage.named(child)]);
    });

    test('gracefully with a handler that answers: it has its way, and the instance ends', async () => {
      const name = await act.make(runtime, CODE[runtime](HANDLES[runtime]('answers')));
      const own = freshMark();
      const one = await act.begin(name, { name: own });
      await act.printed(one, 'ready');
      await act.terminate(one, true);
      const log = await act.ended(one, 'FINISHED 200');
      assert.match(log, /\[PLATFORM\] Signal received successfully\.\n(.*\t)?heard\n/);
      await gone(() => stage.named(own));
    });

    test('gracefully with a handler that exits: 439', async () => {
      const name = await act.make(runtime, CODE[runtime](HANDLES[runtime]('exits')));
      const one = await act.begin(name);
      await act.printed(one, 'ready');
      await act.terminate(one, true);
      assert.match(await act.ended(one, 'FAILED 439'), /heard/);
    });

    test('gracefully with a handler that ignores it: it runs on until it is terminated otherwise', async () => {
      const name = await act.make(runtime, CODE[runtime](HANDLES[runtime]('ignores')));
      const one = await act.begin(name);
      await act.printed(one, 'ready');
      await act.terminate(one, true);
      await act.printed(one, 'heard');
      await act.terminate(one, true);
      await act.printed(one, /heard[\s\S]*heard/);
      assert.match(await act.state(one), /^RUNNING/);
      await act.terminate(one);
      const log = await act.ended(one, 'ABORTED 499');
      assert.equal(log.split(RECEIVED).length - 1, 2, log);
    });

    test('an execution that fails ends its instance; an ordinary event that fails does not', async () => {
      const instances = new Set<string>();
      const code = CODE[runtime]({});
      const ordinary = await stage.make(runtime, code);
      for (const how of ['id', 'fails', 'id']) {
        const { status, value } = await stage.call(ordinary, { how });
        assert.equal(status, how === 'id' ? 200 : 430);
        if (status === 200) instances.add(String(value));
      }
      assert.equal(instances.size, 1);

      const loads = runtime === 'Python3.9' ? "print('loads')" : "console.log('loads');";
      const name = await act.make(runtime, CODE[runtime]({ loads }));
      const loaded: number[] = [];
      for (const [how, state] of [
        ['id', 'FINISHED 200'],
        ['id', 'FINISHED 200'],
        ['fails', 'FAILED 430'],
        ['id', 'FINISHED 200'],
      ] as const) {
        const log = await act.ended(await act.begin(name, { how }), state);
        loaded.push(log.split('loads').length - 1);
      }
      assert.deepEqual(loaded, [1, 0, 0, 1], 'an instance loads its code once');
    });
  });
}

test('while it waits for room: it never runs, and the one before it runs on', async () => {
  const small = await openStage({ memory: 128 });
  try {
    const acts = actor(small);
    for (const graceful of [false, true]) {
      const name = await acts.make('Nodejs18.15', CODE['Nodejs18.15']({}));
      const first = await acts.begin(name);
      await acts.printed(first, 'begun');
      const second = await acts.begin(name);
      await until('it waits', async () => /_waiting(?:\{.*\})? 1$/m.test(await metrics(small)));
      await acts.terminate(second, graceful);
      assert.doesNotMatch(await acts.ended(second, 'ABORTED 499'), /begun/);
      assert.match(await acts.state(first), /^RUNNING/);
      await acts.terminate(first);
      await acts.ends(first, 'ABORTED 499');
    }
  } finally {
    // What both leave is looked for at the end of the other.
    await small.server.close();
  }
});

async function metrics({ server }: Stage): Promise<string> {
  return (await fetch(`${server.endpoint}/metrics`)).text();
}
