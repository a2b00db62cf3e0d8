import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deadLetter, letterTarget } from './deadletter.ts';
import { ACCOUNT, anAlias, anEntry, anEvent, aVersion } from './fixture.ts';
import type { DeadLetterTarget } from './function.ts';

const to: DeadLetterTarget = { type: 'CMQ-QUEUE', name: 'lost', filterType: '' };
const other: DeadLetterTarget = { type: 'CMQ-TOPIC', name: 'other', filterType: '' };

const WAS = {
  event: anEvent({ requestId: 'b1fc2a31', source: 'timer', body: Buffer.from('{"Type":"Timer"}') }),
  acceptedAt: Date.parse('2020-10-10T09:22:00.061+08:00'),
  dueAt: 0,
  retryNum: 2,
  runErrors: 2,
};

const letterOf = (change: Partial<Parameters<typeof deadLetter>[1]> = {}) =>
  deadLetter(ACCOUNT, {
    item: WAS,
    to,
    why: 'retries used up',
    outcome: { status: 430, errorMessage: 'user code exception caught', stackTrace: 'Traceback' },
    startedAt: 1602293100000,
    diedAt: 1602293100200,
    ...change,
  });

describe('the message of a dead letter', () => {
  test('has the members of the documented sample, in its order', () => {
    assert.equal(
      letterOf().message.toString(),
      '{"RequestId":"b1fc2a31","ErrorCode":-1,"ErrorMessage":"Traceback","Body":{"AppId":1250000000,' +
        '"Uin":"100000000001","SubAccountUin":"100000000001","RequestSource":"TRIGGER_TIMER","FunctionName":"hello",' +
        '"Namespace":"default","Qualifier":"$DEFAULT","InvocationType":"RequestResponse",' +
        '"ClientContext":"{\\"Type\\":\\"Timer\\"}","LogType":"","TimeStampForInvoker":"1602293100000",' +
        '"RequestId":"b1fc2a31","PushTime":"2020-10-10T09:22:00.061+08:00","RetryNum":2,"Ttl":0}}',
    );
  });

  test('without a stack the error message stands for it; characters are escaped as in Go', () => {
    const message = letterOf({
      outcome: { status: 449, errorMessage: 'a < b & c', stackTrace: '' },
    }).message.toString();
    assert.match(message, /"ErrorMessage":"a \\u003c b \\u0026 c"/);
  });

  test('a time has no more digits than it needs', () => {
    for (const [ms, text] of [
      [0, '1970-01-01T08:00:00+08:00'],
      [120, '1970-01-01T08:00:00.12+08:00'],
      [1.4, '1970-01-01T08:00:00.001+08:00'],
    ] as const) {
      const body = JSON.parse(letterOf({ item: { ...WAS, acceptedAt: ms } }).message.toString()).Body;
      assert.equal(body.PushTime, text);
    }
  });

  test('the letter itself says where it lies, why and when', () => {
    const { message: _, ...letter } = letterOf();
    assert.deepEqual(letter, {
      item: WAS,
      to: { type: 'CMQ-QUEUE', name: 'lost' },
      why: 'retries used up',
      status: 430,
      errorMessage: 'Traceback',
      diedAt: 1602293100200,
    });
  });
});

describe('where a letter goes', () => {
  const entry = anEntry({
    versions: [aVersion({ deadLetter: other }), aVersion({ version: '1', deadLetter: to }), aVersion({ version: '2' })],
    aliases: [
      anAlias({ alias: 'prod', version: '1', routing: { by: 'weight', version: '2', weight: 1 } }),
      anAlias({ alias: 'none', version: '2' }),
    ],
  });
  for (const [qualifier, expected] of [
    ['$LATEST', other],
    ['1', to],
    ['2', null],
    ['prod', to],
    ['none', null],
    ['gone', other],
  ] as const)
    test(`${qualifier}: ${expected?.name}`, () => assert.equal(letterTarget(entry, qualifier), expected));

  test('a function that is gone: nowhere', () => assert.equal(letterTarget(undefined, '$LATEST'), null));
});
