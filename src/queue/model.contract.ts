// The plain list that a driver of waiting events is compared with. Part of the queue contract.

import assert from 'node:assert/strict';
import { keyText } from '../core/function.ts';
import type { EventStore, Execution, ExecutionEnd, Lease, QueuedEvent } from '../core/ports.ts';
import { ABORTED, FAILED, FINISHED, IDS, idsOf, letterOf, MANY, NAMES, queued, target } from './samples.ts';
import type { Step } from './schedules.contract.ts';

interface Entry {
  item: QueuedEvent;
  readonly order: number;
  token: string | undefined;
  /** Set from a lease until it is settled: when the lease ends, or has ended. */
  until: number | undefined;
}

/** Longer than any lease. */
const FAR = 1e12;

export class EventModel {
  readonly #events: EventStore;
  /** Of this schedule: what others left behind has other names. */
  readonly #namespace: string;
  #now = 0;
  #count = 0;
  #entries: Entry[] = [];
  /** In the order of their death. */
  #letters: { readonly item: QueuedEvent; readonly diedAt: number }[] = [];
  readonly #executions = new Map<string, Pick<Execution, 'state' | 'startedAt' | 'endedAt' | 'status'>>();
  readonly #leases: Lease[] = [];

  constructor(events: EventStore, namespace: string) {
    this.#events = events;
    this.#namespace = namespace;
  }

  async take(step: Step): Promise<void> {
    const { queue, letters } = this.#events;
    switch (step.do) {
      case 'turn':
        this.#now += step.ms;
        break;
      case 'push':
        await this.#push(step);
        break;
      case 'lease':
        await this.#lease(step);
        break;
      case 'cancel':
        await this.#cancel(this.#id(step.id));
        break;
      case 'keep': {
        const letter = letterOf(this.#event(step.id, 0, step.name), this.#now);
        await letters.keep(letter);
        this.#bury(letter.item);
        break;
      }
      case 'redrive':
        await this.#redrive(step.name);
        break;
      case 'purge': {
        const requestId = this.#id(step.id);
        const left = this.#letters.filter(letter => letter.item.event.requestId !== requestId);
        assert.equal(await letters.purge({ requestId }), this.#letters.length - left.length);
        this.#letters = left;
        break;
      }
      default: {
        const lease = this.#leases[step.which % Math.max(1, this.#leases.length)];
        if (lease) await this.#settle(step, lease);
      }
    }
    assert.equal(await queue.pending(), this.#entries.length);
  }

  async #push(step: Step & { do: 'push' }): Promise<void> {
    const item = this.#event(step.id, step.dueAt, step.name, step.execution);
    const { requestId } = item.event;
    const there = this.#entry(requestId) || this.#executions.has(requestId);
    const full = this.#entries.filter(entry => entry.item.event.target.name === step.name).length >= step.limit;
    const expected = there ? 'there' : full ? 'full' : 'added';
    assert.equal(await this.#events.queue.push(item, step.limit), expected);
    if (expected === 'added') this.#add(item);
  }

  async #lease({ limit, ms, skip }: Step & { do: 'lease' }): Promise<void> {
    const names = new Set(skip.map(name => keyText(target(name, this.#namespace))));
    const got = await this.#events.queue.lease(limit, this.#now, this.#now + ms, names);
    const free = this.#entries
      .filter(({ item, until }) => item.dueAt <= this.#now && (until === undefined || until <= this.#now))
      .filter(({ item }) => !names.has(keyText(item.event.target)))
      .sort((a, b) => a.item.dueAt - b.item.dueAt || a.order - b.order)
      .slice(0, limit);
    assert.deepEqual(
      got.map(lease => lease.item),
      free.map(entry => entry.item),
    );
    for (const [i, entry] of free.entries()) {
      entry.token = got[i]?.token;
      entry.until = this.#now + ms;
    }
    this.#leases.push(...got);
  }

  async #settle(step: Step & { do: 'ack' | 'later' | 'dead' | 'renew' }, lease: Lease): Promise<void> {
    const { queue } = this.#events;
    const entry = this.#entries.find(one => one.token === lease.token);
    const settles = async (doing: Promise<boolean>) => assert.equal(await doing, entry !== undefined);
    switch (step.do) {
      case 'renew':
        await settles(queue.renew(lease, this.#now + step.ms));
        if (entry) entry.until = this.#now + step.ms;
        break;
      case 'later': {
        const change = { dueAt: step.dueAt, retryNum: lease.item.retryNum + 1, runErrors: 1 };
        await settles(queue.later(lease, change));
        if (entry) Object.assign(entry, { item: { ...entry.item, ...change }, token: undefined, until: undefined });
        break;
      }
      case 'ack':
        await settles(step.end ? queue.ack(lease, FINISHED) : queue.ack(lease));
        if (entry) this.#remove(entry, step.end ? FINISHED : undefined);
        break;
      case 'dead': {
        const letter = step.letter ? letterOf(lease.item, this.#now) : undefined;
        await settles(step.end ? queue.dead(lease, letter, FAILED) : queue.dead(lease, letter));
        if (entry) this.#remove(entry, step.end ? FAILED : undefined);
        if (entry && letter) this.#bury(letter.item);
      }
    }
  }

  async #cancel(requestId: string): Promise<void> {
    const what = await this.#events.queue.cancel(requestId, ABORTED);
    const entry = this.#entry(requestId);
    if (!entry) assert.equal(what, 'absent');
    else if (entry.until === undefined) assert.equal(what, 'cancelled');
    else if (entry.until > this.#now) assert.equal(what, 'leased');
    // A lease that has run out may or may not have been taken notice of.
    else assert.notEqual(what, 'absent');
    if (entry && what === 'cancelled') this.#remove(entry, ABORTED);
  }

  async #redrive(name: string | null): Promise<void> {
    const matches = (item: QueuedEvent) => name === null || item.event.target.name === name;
    const moving = this.#letters.filter(({ item }) => matches(item) && !this.#entry(item.event.requestId));
    const filter = name === null ? {} : { target: target(name, this.#namespace) };
    assert.equal(await this.#events.letters.redrive(filter, this.#now), moving.length);
    this.#letters = this.#letters.filter(letter => !moving.includes(letter));
    const anew = { acceptedAt: this.#now, dueAt: this.#now, runErrors: 0 };
    for (const { item } of moving) this.#add({ ...item, ...anew, retryNum: item.retryNum + 1 });
  }

  /** All that can be asked. */
  async compare(): Promise<void> {
    const { queue, letters, executions } = this.#events;
    // Among instants that are past, a driver may name any.
    const next = Math.min(...this.#entries.map(entry => Math.max(this.#now, entry.until ?? entry.item.dueAt)));
    const [said, kept, found, states, pending] = await Promise.all([
      queue.nextDue(),
      letters.list({}, {}),
      Promise.all(IDS.map(id => queue.find(this.#id(id)))),
      Promise.all(IDS.map(id => executions.get(this.#id(id)))),
      Promise.all(NAMES.map(name => queue.pending(target(name, this.#namespace)))),
    ]);
    assert.equal(said === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#now, said), next);
    assert.deepEqual(idsOf(kept.rows), idsOf(this.#letters));
    for (const [i, id] of IDS.entries()) {
      const entry = this.#entry(this.#id(id));
      assert.deepEqual(found[i]?.item, entry?.item);
      if (entry?.until === undefined) assert.ok(!found[i]?.leased);
      else if (entry.until > this.#now) assert.ok(found[i]?.leased);
      const row = this.#executions.get(this.#id(id));
      const { state, startedAt, endedAt, status } = states[i] ?? {};
      assert.deepEqual({ state, startedAt, endedAt, status }, row ?? NO_EXECUTION);
    }
    const counted = NAMES.map(name => this.#entries.filter(entry => entry.item.event.target.name === name).length);
    assert.deepEqual(pending, counted);
  }

  async clear(): Promise<void> {
    const { queue, letters } = this.#events;
    await letters.purge({});
    const leases = await queue.lease(MANY, FAR, FAR + 1);
    await Promise.all(leases.map(lease => queue.ack(lease)));
  }

  #id(id: string): string {
    return `${this.#namespace}-${id}`;
  }

  #event(id: string, dueAt: number, name: string, execution = false): QueuedEvent {
    const kept = execution ? { execution: { version: '1', traced: true } } : {};
    return queued(this.#id(id), dueAt, { name, namespace: this.#namespace, acceptedAt: this.#now, ...kept });
  }

  #entry(requestId: string): Entry | undefined {
    return this.#entries.find(entry => entry.item.event.requestId === requestId);
  }

  #add(item: QueuedEvent): void {
    this.#entries.push({ item, order: this.#count++, token: undefined, until: undefined });
    const begun = { state: 'RUNNING', startedAt: item.acceptedAt, endedAt: 0, status: 0 } as const;
    if (item.execution) this.#executions.set(item.event.requestId, begun);
  }

  #remove(entry: Entry, end: ExecutionEnd | undefined): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    const { requestId } = entry.item.event;
    const row = this.#executions.get(requestId);
    if (row && end) this.#executions.set(requestId, { ...row, ...end });
  }

  #bury(item: QueuedEvent): void {
    const { requestId } = item.event;
    this.#letters = this.#letters.filter(letter => letter.item.event.requestId !== requestId);
    this.#letters.push({ item, diedAt: this.#now });
  }
}

const NO_EXECUTION = { state: undefined, startedAt: undefined, endedAt: undefined, status: undefined };
