import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Group } from './cgroup/group.ts';
import { Gauge } from './gauge.ts';

/** A group whose figures the test sets. */
class Figures implements Group {
  readonly procsFiles = [];
  used = 10;
  peak = 30;
  oom = false;
  /** How often the kernel was asked for anything. */
  asked = 0;
  limit(): void {}
  usedBytes(): number {
    this.asked++;
    return this.used;
  }
  peakBytes(): number {
    this.asked++;
    return this.peak;
  }
  resetPeak(): void {
    this.peak = this.used;
  }
  oomKilled(): boolean {
    this.asked++;
    return this.oom;
  }
  pidsDenied(): boolean {
    return false;
  }
  kill(): void {}
  async remove(): Promise<void> {}
}

function reader(bytes: number) {
  return {
    closed: 0,
    read: () => bytes,
    close() {
      this.closed++;
    },
  };
}

test('a group is asked, and its peak is that since the last question', () => {
  const group = new Figures();
  const gauge = new Gauge(group);
  assert.equal(gauge.usedBytes(), 10);
  assert.equal(gauge.peakBytes(), 30);
  assert.equal(gauge.peakBytes(), 10);
  group.used = 20;
  assert.equal(gauge.usedBytes(), 20);
});

test('without a group what is read of the process is all that is known', () => {
  const gauge = new Gauge(undefined);
  assert.deepEqual([gauge.usedBytes(), gauge.peakBytes()], [0, 0], 'nothing to read yet');
  gauge.readBy(reader(7));
  assert.deepEqual([gauge.usedBytes(), gauge.peakBytes(), gauge.oomKilled()], [7, 7, false]);
});

test('after the end it holds nothing, its last peak stays, and the kernel is not asked any more', () => {
  const group = new Figures();
  const gauge = new Gauge(group);
  gauge.end();
  const { asked } = group;
  group.peak = 90;
  group.oom = true;
  assert.deepEqual([gauge.usedBytes(), gauge.peakBytes(), gauge.peakBytes()], [0, 30, 30]);
  assert.equal(gauge.oomKilled(), false, 'what is killed afterwards was not killed for memory');
  assert.equal(group.asked, asked);
});

test('that the kernel has ended a process is known after the end as well', () => {
  const group = new Figures();
  const gauge = new Gauge(group);
  assert.equal(gauge.oomKilled(), false);
  group.oom = true;
  gauge.end();
  group.oom = false;
  assert.equal(gauge.oomKilled(), true);
});

test('a reader is closed with the end, also one that comes later', () => {
  const first = reader(7);
  const gauge = new Gauge(undefined);
  gauge.readBy(first);
  gauge.end();
  const late = reader(8);
  gauge.readBy(late);
  assert.deepEqual([first.closed, late.closed], [1, 1]);
  assert.deepEqual([gauge.usedBytes(), gauge.peakBytes()], [0, 7]);
});
