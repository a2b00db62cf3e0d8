import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent } from '../core/fixture.ts';
import { aBegun, aRow, START } from './fixture.ts';
import { logTail, renderLog } from './report.ts';
import { rowOf } from './row.ts';

test('a success, as documented', () => {
  const row = aRow('id-1', {
    outcome: { body: Buffer.from('"Hello World"'), log: 'one\ntwo\n', durationMs: 1.2, memoryBytes: 31_178_752 },
  });
  assert.equal(
    renderLog({ ...row, memoryMB: 128 }),
    [
      'START RequestId:id-1',
      'one',
      'two',
      'Response RequestId:id-1 RetMsg:"Hello World"',
      'END RequestId:id-1',
      'Report RequestId:id-1 Duration:1ms Memory:128MB MemUsage:29.734375MB',
      '',
    ].join('\n'),
  );
});

test('a failure shows the error and no response', () => {
  const outcome = {
    status: 430,
    errorMessage: 'user code exception caught',
    stackTrace: 'Error: no',
    log: 'no newline',
  };
  assert.equal(
    renderLog(aRow('id-1', { outcome })),
    [
      'START RequestId:id-1',
      'no newline',
      'ERROR RequestId:id-1 Result:{"errorCode":-1,"errorMessage":"user code exception caught","requestId":"id-1","stackTrace":"Error: no","statusCode":430}',
      'END RequestId:id-1',
      'Report RequestId:id-1 Duration:0ms Memory:256MB MemUsage:0MB',
      '',
    ].join('\n'),
  );
});

test('one that waits has printed nothing, one that runs has no end', () => {
  assert.equal(renderLog(rowOf({ event: anEvent(), acceptedAt: START })), '');
  assert.equal(renderLog(aRow('r', { outcome: { status: 202, log: 'so far' } })), 'START RequestId:r\nso far\n');
});

test('an attempt that runs begins like any other, a retry too: its number has no line of its own', () => {
  assert.equal(renderLog(rowOf(aBegun('r', { retryNum: 1 }))), 'START RequestId:r\n');
  const printed = { ...rowOf(aBegun('r')), log: 'so far' };
  assert.equal(renderLog(printed), 'START RequestId:r\nso far\n');
  const again = aRow('r', { mode: 'async', verdict: 'acked', retryNum: 2, outcome: { body: Buffer.from('1') } });
  assert.equal(
    renderLog(again),
    'START RequestId:r\nResponse RequestId:r RetMsg:1\nEND RequestId:r\nReport RequestId:r Duration:0ms Memory:256MB MemUsage:0MB\n',
  );
});

test('an attempt that was broken off ends with its error', () => {
  const row = aRow('r', {
    mode: 'async',
    verdict: 'aborted',
    outcome: { status: 499, errorMessage: 'RequestCanceled' },
  });
  assert.match(renderLog(row), /^START .*\nERROR RequestId:r Result:.*"statusCode":499}\nEND .*\nReport .*\n$/);
});

test('memory has six decimals at most and never an exponent', () => {
  const usage = (memoryBytes: number) =>
    /MemUsage:(.*)MB\n$/.exec(renderLog(aRow('r', { outcome: { memoryBytes } })))?.[1];
  assert.equal(usage(1), '0.000001');
  assert.equal(usage(0), '0');
  assert.equal(usage(1024 ** 3), '1024');
  assert.equal(usage(10_000_000), '9.536743');
});

test('the tail is the end of the log', () => {
  const log = renderLog(aRow('r', { outcome: { log: '中'.repeat(4000) } }));
  const tail = logTail(log, 4096);
  assert.ok(log.endsWith(tail) && tail.startsWith('中'));
  assert.ok(Buffer.byteLength(tail) <= 4096 && Buffer.byteLength(tail) > 4093);
  assert.equal(logTail('short', 4096), 'short');
});
