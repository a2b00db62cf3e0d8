// One suite over every row of the table. A new kind brings its case here, or this file does not compile.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { FunctionEvent } from '../core/event.ts';
import { anOutcome } from '../core/fixture.ts';
import { SeededIds } from '../core/ids.ts';
import type { Trigger, TriggerHost, TriggerKind } from '../core/trigger.ts';
import { ACCOUNT, GatewayStand, REGION } from '../services/apigateway/fixture.ts';
import { ask, freePort, Stand } from '../services/clb/fixture.ts';
import { UrlStand } from '../services/functionurl/fixture.ts';
import { aBucket, aNotice, FakeStore } from './cos/fixture.ts';
import { type TriggerKinds, triggerKinds } from './index.ts';

type AnyKind = TriggerKind<unknown, unknown>;

const kinds: Readonly<Record<keyof TriggerKinds, AnyKind>> = triggerKinds();

/** A place where a kind's events come from. */
interface Source extends AsyncDisposable {
  readonly source: unknown;
  readonly clock: TurnableClock;
  /** Makes the source send once, if anybody listens. */
  send(trigger: Trigger): Promise<void>;
}

interface Case {
  /** TriggerDesc texts that are taken, and that are refused. Nothing at all is taken by a kind without triggers. */
  readonly taken: readonly string[];
  readonly refused: readonly string[];
  readonly names: { readonly taken: readonly string[]; readonly refused: readonly string[] };
  /** Where a name has a meaning. */
  readonly triggerName?: string;
  readonly open: () => Promise<Source>;
}

async function bare(): Promise<Source> {
  const clock = new TurnableClock(Date.UTC(2024, 0, 1));
  return {
    source: undefined,
    clock,
    send: () => clock.advance(1000),
    async [Symbol.asyncDispose]() {},
  };
}

async function gateway(): Promise<Source> {
  const stand = await GatewayStand.open();
  return {
    source: stand.gateway,
    clock: stand.clock,
    async send({ desc }) {
      const { serviceId, environment, path } = desc as Record<string, string>;
      await stand.ask(`/_apigw/${serviceId}/${environment}${path}`);
    },
    [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose](),
  };
}

async function functionUrls(): Promise<Source> {
  const stand = await UrlStand.open();
  return {
    source: stand.urls,
    clock: stand.clock,
    async send({ desc }) {
      const { bound } = desc as { readonly bound: { readonly urlId: string } };
      await stand.ask(`/_url/${bound.urlId}/path?a=b`);
    },
    [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose](),
  };
}

/** A port of the first address of the stand's pool: descriptions are written before anything is bound. */
const PORT = await freePort('127.0.0.1');

async function balancer(): Promise<Source> {
  const stand = await Stand.open();
  return {
    source: stand.clb,
    clock: stand.clock,
    async send({ desc }) {
      const { loadBalancerId, listenerId, url } = desc as Record<string, string>;
      const ref = { region: REGION, loadBalancerId: loadBalancerId ?? '', listenerId: listenerId ?? '' };
      const { host, port } = stand.clb.place(stand.clb.listeners.need(ref));
      await ask(host, port, `${url}?a=b`, { headers: { host: 'a.example' } });
    },
    [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose](),
  };
}

const BUCKET = `pictures-${ACCOUNT.appId}`;
const HOST = `${BUCKET}.cos.${REGION}.myqcloud.com`;

async function bucket(): Promise<Source> {
  const store = new FakeStore(aBucket(BUCKET, REGION));
  return {
    source: store,
    clock: store.clock,
    send: () => store.tell(aNotice({ bucket: BUCKET, region: REGION, key: 'test.jpg' })),
    async [Symbol.asyncDispose]() {},
  };
}

const cases: Readonly<Record<keyof TriggerKinds, Case>> = {
  invoke: {
    taken: [],
    refused: ['', '{}'],
    names: { taken: [], refused: ['any'] },
    open: bare,
  },
  timer: {
    taken: ['* * * * * * *', '{"cron":"* * * * * * *"}'],
    refused: ['', '* * * * * *', '{}', '@daily'],
    names: { taken: ['EveryDay'], refused: ['', '1st', 'x'.repeat(61)] },
    open: bare,
  },
  apigw: {
    taken: ['', '{}', '{"api":{"requestConfig":{"method":"ANY"},"IsBase64Encoded":"TRUE"}}'],
    refused: ['x', '[]', '{"api":{"authType":"OAUTH"}}', '{"release":{"environmentName":"prod"}}'],
    names: { taken: ['web', '1'], refused: ['', 'a b', 'x'.repeat(61)] },
    open: gateway,
  },
  clb: {
    taken: [
      JSON.stringify({ port: PORT, domain: 'a.example' }),
      JSON.stringify({
        loadBalancerName: 'mine',
        protocol: 'http',
        port: PORT,
        domain: 'A.example',
        url: '/x',
        weight: 1,
      }),
    ],
    refused: ['x', '[]', '{"protocol":"TCP"}', '{"port":0}', '{"weight":101}', '{"domain":1}'],
    names: { taken: ['web', 'loc-12345678', '1'], refused: ['', 'a b', 'x'.repeat(61)] },
    open: balancer,
  },
  http: {
    taken: [
      '',
      '{}',
      '{"AuthType":"NONE","NetConfig":{"EnableIntranet":true},"CorsConfig":{"Enable":true,"MaxAge":10}}',
    ],
    refused: [
      'x',
      '[]',
      '{"AuthType":"JWT"}',
      '{"NetConfig":{"EnableExtranet":false}}',
      '{"CorsConfig":{"MaxAge":-1}}',
    ],
    names: { taken: ['url-trigger', '1'], refused: ['', 'a b', 'x'.repeat(61)] },
    open: functionUrls,
  },
  cos: {
    taken: [
      '{"event":"cos:ObjectCreated:*"}',
      '{"event":"cos:ObjectCreated:Put","filter":{"Prefix":"t","Suffix":".jpg"}}',
    ],
    refused: ['', 'x', '[]', '{}', '{"event":"cos:ObjectRead"}', '{"event":"cos:ObjectCreated:*","filter":1}'],
    names: {
      taken: [HOST],
      refused: ['', 'a b', BUCKET, 'pictures.example.com'],
    },
    triggerName: HOST,
    open: bucket,
  },
};

function draft(kind: AnyKind, text: string, triggerName = 'name'): Trigger {
  return {
    region: REGION,
    namespace: 'default',
    name: 'fn',
    id: 't-1',
    type: kind.type,
    triggerName,
    qualifier: '$DEFAULT',
    enabled: true,
    desc: kind.parse(text, { functionName: 'fn' }),
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
  };
}

for (const [type, kind] of Object.entries(kinds) as [keyof TriggerKinds, AnyKind][]) {
  const { taken, refused, names, triggerName, open } = cases[type];

  describe(`the kind ${type}`, () => {
    it('is named as in the table and has a title in both languages', () => {
      assert.equal(kind.type, type);
      assert.match(kind.title.zh, /[\u4e00-\u9fff]/);
      assert.match(kind.title.en, /^[\x20-\x7e]+$/);
      assert.ok(kind.serves.length > 0);
    });

    it('has a sample that is plain JSON', () => {
      assert.deepEqual(JSON.parse(JSON.stringify(kind.sample())), kind.sample());
    });

    it('refuses what the documents refuse, with a sentence in both languages', () => {
      for (const text of refused) {
        assert.throws(
          () => kind.parse(text, { functionName: 'fn' }),
          (error: unknown) => {
            assert.ok(error instanceof CloudError);
            assert.match(error.code, /^(InvalidParameterValue\.TriggerDesc|UnsupportedOperation)$/);
            assert.match(error.text('zh'), /[\u4e00-\u9fff]/);
            for (const language of ['zh', 'en'] as const) assert.doesNotMatch(error.text(language), /\{(zh|en)\}/);
            return true;
          },
          text,
        );
      }
    });

    it('checks names', () => {
      for (const name of names.taken) kind.checkName(name);
      for (const name of names.refused) assert.throws(() => kind.checkName(name), CloudError, name);
    });

    for (const text of taken) {
      describe(`described by ${JSON.stringify(text)}`, () => {
        const run = async (
          work: (given: {
            trigger: Trigger;
            host: TriggerHost<unknown>;
            source: Source;
            seen: FunctionEvent[];
          }) => Promise<void>,
        ) => {
          await using source = await open();
          const seen: FunctionEvent[] = [];
          const host: TriggerHost<unknown> = {
            clock: source.clock,
            ids: new SeededIds(),
            submit: {
              async sync(event) {
                assert.equal(kind.mode, 'sync');
                seen.push(event);
                return anOutcome();
              },
              async async(event) {
                assert.equal(kind.mode, 'async');
                seen.push(event);
              },
            },
            account: ACCOUNT,
            source: source.source,
          };
          const plan = draft(kind, text, triggerName);
          const trigger = Object.freeze({ ...plan, ...(await kind.bind?.(plan, host)) });
          await work({ trigger, host, source, seen });
        };

        it('has a value that is plain JSON and comes back the same through its text', () =>
          run(async ({ trigger }) => {
            const { desc } = trigger;
            assert.deepEqual(JSON.parse(JSON.stringify(desc)), desc);
            const printed = kind.format(desc);
            assert.equal(JSON.stringify(JSON.parse(printed)), printed, 'compact JSON');
            assert.deepEqual(kind.parse(printed, { functionName: 'fn', previous: desc }), desc);
            assert.equal(kind.format(kind.parse(printed, { functionName: 'fn', previous: desc })), printed);
          }));

        it('delivers JSON to the function it is bound to, from its first start to its end', () =>
          run(async ({ trigger, host, source, seen }) => {
            const listening = kind.listen(trigger, host);
            await source.send(trigger);
            assert.equal(seen.length, 1);
            const [event] = seen;
            JSON.parse(event?.body.toString() ?? '');
            assert.equal(event?.source, type);
            assert.equal(event?.qualifier, '$DEFAULT');
            assert.deepEqual(event?.target, { region: REGION, namespace: 'default', name: 'fn' });
            assert.match(event?.requestId ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
            listening[Symbol.dispose]();
            await source.send(trigger);
            assert.equal(seen.length, 1);
          }));

        it('delivers nothing while it is disabled, and again when it is enabled', () =>
          run(async ({ trigger, host, source, seen }) => {
            await source.send(trigger);
            assert.equal(seen.length, 0);
            for (let round = 1; round <= 3; round++) {
              using _listening = kind.listen(trigger, host);
              await source.send(trigger);
              assert.equal(seen.length, round);
            }
          }));

        it('gives every event its own id', () =>
          run(async ({ trigger, host, source, seen }) => {
            using _listening = kind.listen(trigger, host);
            for (let i = 0; i < 5; i++) await source.send(trigger);
            assert.equal(new Set(seen.map(event => event.requestId)).size, 5);
          }));

        if (kind.mode === 'async') {
          it('gives one event one id, wherever and how often it is delivered', () =>
            run(async ({ trigger, host, source, seen }) => {
              using _one = kind.listen(trigger, host);
              using _other = kind.listen(trigger, host);
              await source.send(trigger);
              assert.equal(seen.length, 2);
              assert.equal(seen[0]?.requestId, seen[1]?.requestId);
            }));
        }

        it('can be bound again, and unbound more than once', () =>
          run(async ({ trigger, host, source, seen }) => {
            const again = { ...trigger, ...(await kind.bind?.(trigger, host)) };
            assert.deepEqual(again, trigger);
            {
              using _listening = kind.listen(again, host);
              await source.send(again);
            }
            await kind.unbind?.(again, host);
            await kind.unbind?.(again, host);
            assert.equal(seen.length, 1);
          }));
      });
    }
  });
}

it('leaves no timer of the system behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const before = timers();
  for (const [type, kind] of Object.entries(kinds) as [keyof TriggerKinds, AnyKind][]) {
    const [text] = cases[type].taken;
    if (text === undefined) continue;
    await using source = await cases[type].open();
    const submit = { sync: async () => anOutcome(), async: async () => {} };
    const host = { clock: source.clock, ids: new SeededIds(), submit, account: ACCOUNT, source: source.source };
    const plan = draft(kind, text, cases[type].triggerName);
    const trigger = { ...plan, ...(await kind.bind?.(plan, host)) };
    const listening = kind.listen(trigger, host);
    assert.equal(timers(), before, `${type} runs on the clock it is given`);
    listening[Symbol.dispose]();
  }
});
