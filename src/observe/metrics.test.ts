import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent, KEY } from '../core/fixture.ts';
import { anAttempt } from './fixture.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** Value of one series, or undefined. */
async function value(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find(line => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const F = `function="ap-guangzhou/default/hello"`;

test('attempts are counted by function, way and class, times in seconds', async () => {
  const metrics = createMetrics();
  metrics.observe(anAttempt('a', { outcome: { durationMs: 2, initMs: 0 } }));
  metrics.observe(anAttempt('b', { outcome: { durationMs: 30, initMs: 60, waitMs: 61 } }));
  metrics.observe(anAttempt('c', { mode: 'async', verdict: 'dead', outcome: { status: 433, durationMs: 3000 } }));
  assert.equal(await value(metrics, `openscf_invocations_total{${F},mode="sync",class="ok"}`), 2);
  assert.equal(await value(metrics, `openscf_invocations_total{${F},mode="async",class="run"}`), 1);
  assert.equal(await value(metrics, `openscf_duration_seconds_count{${F}}`), 3);
  assert.equal(await value(metrics, `openscf_duration_seconds_sum{${F}}`), 3.032);
  assert.equal(await value(metrics, `openscf_duration_seconds_bucket{le="0.0025",${F}}`), 1);
  assert.equal(await value(metrics, `openscf_cold_starts_total{${F}}`), 1);
  assert.equal(await value(metrics, 'openscf_cold_start_seconds_sum'), 0.06);
  assert.equal(await value(metrics, 'openscf_wait_seconds_sum'), 0.061);
  assert.equal(await value(metrics, `openscf_dead_events_total{${F}}`), 1);
});

test('what became of asynchronous events is counted, each by its own name', async () => {
  const metrics = createMetrics();
  const failed = { mode: 'async', outcome: { status: 430 } } as const;
  const counts = { retried: 4, dead: 3, dropped: 2, aborted: 1 };
  for (const [verdict, count] of Object.entries(counts) as [keyof typeof counts, number][])
    for (let i = 0; i < count; i++) metrics.observe(anAttempt('a', { ...failed, verdict }));
  metrics.observe(anAttempt('a', { mode: 'async', verdict: 'acked' }));
  metrics.observe(anAttempt('a', { outcome: { status: 430 } }));
  assert.equal(await value(metrics, `openscf_retries_total{${F}}`), 4);
  assert.equal(await value(metrics, `openscf_dead_events_total{${F}}`), 3);
  assert.equal(await value(metrics, `openscf_dropped_events_total{${F}}`), 2);
  assert.equal(await value(metrics, `openscf_aborted_events_total{${F}}`), 1);
  assert.equal(await value(metrics, `openscf_invocations_total{${F},mode="async",class="run"}`), 10);
});

test('events without a function are counted together', async () => {
  const metrics = createMetrics();
  metrics.observe(anAttempt('a', { mode: 'async', verdict: 'dropped', version: undefined, outcome: { status: 449 } }));
  assert.equal(await value(metrics, 'openscf_dropped_events_total{function="others"}'), 1);
});

test('what no instance ran has no run time', async () => {
  const metrics = createMetrics();
  metrics.observe(anAttempt('a', { outcome: { status: 432, instance: '' } }));
  assert.equal(await value(metrics, `openscf_throttles_total{${F},status="432"}`), 1);
  assert.equal(await value(metrics, `openscf_duration_seconds_count{${F}}`), undefined);
  assert.equal(await value(metrics, `openscf_invocations_total{${F},mode="sync",class="limit"}`), 1);
});

test('names cannot fill the memory: many functions share one series, unknown ones as well', async () => {
  const metrics = createMetrics();
  const named = (name: string) => ({ event: anEvent({ target: { ...KEY, name } }) });
  for (let i = 0; i < 500; i++) metrics.observe(anAttempt('a', { ...named(`none-${i}`), version: undefined }));
  for (let i = 0; i < 1000; i++) metrics.observe(anAttempt('a', named(`f${i}`)));
  metrics.observe(anAttempt('a', named('f0')));
  const text = await metrics.text();
  assert.equal(text.match(/^openscf_invocations_total\{/gm)?.length, 201);
  assert.ok(!text.includes('none-1'));
  assert.equal(await value(metrics, 'openscf_invocations_total{function="others",mode="sync",class="ok"}'), 1300);
  assert.equal(
    await value(metrics, 'openscf_invocations_total{function="ap-guangzhou/default/f0",mode="sync",class="ok"}'),
    2,
  );
});

test('gauges are read when asked; one that fails hides no other', async () => {
  const metrics = createMetrics();
  let depth = 3;
  metrics.gauge('openscf_queue_events', 'Events that wait', () => depth);
  metrics.gauge('openscf_slow', 'Later', async () => 5);
  metrics.gauge('openscf_broken', 'Never', () => {
    throw new Error('no');
  });
  metrics.gauge('openscf_rejected', 'Never', () => Promise.reject(new Error('no')));
  assert.equal(await value(metrics, 'openscf_queue_events'), 3);
  depth = 4;
  assert.equal(await value(metrics, 'openscf_queue_events'), 4);
  assert.equal(await value(metrics, 'openscf_slow'), 5);
  assert.ok(Number.isNaN(await value(metrics, 'openscf_broken')));
  assert.ok(Number.isNaN(await value(metrics, 'openscf_rejected')));
});

test('the process is in it, in the text format; two servers in one process do not share', async () => {
  const metrics = createMetrics();
  createMetrics().observe(anAttempt('a'));
  assert.ok(((await value(metrics, 'process_resident_memory_bytes')) ?? 0) > 1e6);
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  assert.ok(!(await metrics.text()).includes(F));
});
