// What every bus does. `settled` resolves when everything published so far has been heard.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Log } from '../core/log.ts';
import { NO_LOG } from '../core/log.ts';
import type { Bus } from '../core/ports.ts';

export interface OpenedBus {
  readonly bus: Bus;
  settled(): Promise<void>;
  close(): Promise<void>;
}

export function busContract(name: string, open: (log: Log) => Promise<OpenedBus>): void {
  describe(`bus contract: ${name}`, () => {
    const busTest = (title: string, body: (opened: OpenedBus, errors: string[]) => Promise<void>) =>
      test(title, async () => {
        const errors: string[] = [];
        const opened = await open({ ...NO_LOG, error: (_, text) => errors.push(text) });
        try {
          await body(opened, errors);
        } finally {
          await opened.close();
        }
      });

    busTest('every subscriber of a topic hears, those of others do not', async ({ bus, settled }) => {
      const heard: string[] = [];
      bus.subscribe('functions', text => heard.push(`1:${text}`));
      bus.subscribe('functions', text => heard.push(`2:${text}`));
      bus.subscribe('triggers', text => heard.push(`3:${text}`));
      bus.publish('functions', 'default/f 中文');
      bus.publish('nobody', 'x');
      await settled();
      assert.deepEqual(heard.sort(), ['1:default/f 中文', '2:default/f 中文']);
    });

    busTest('notices come in order, and not before publish has returned', async ({ bus, settled }) => {
      const heard: string[] = [];
      bus.subscribe('t', text => {
        heard.push(text);
        if (text === 'a') bus.publish('t', 'c');
      });
      bus.publish('t', 'a');
      bus.publish('t', 'b');
      assert.deepEqual(heard, []);
      await settled();
      await settled();
      assert.deepEqual(heard, ['a', 'b', 'c']);
    });

    busTest('one that throws does not stop the others, and is logged', async ({ bus, settled }, errors) => {
      const heard: string[] = [];
      bus.subscribe('t', () => {
        throw new Error('broken');
      });
      bus.subscribe('t', text => heard.push(text));
      bus.publish('t', 'a');
      bus.publish('t', 'b');
      await settled();
      assert.deepEqual(heard, ['a', 'b']);
      assert.equal(errors.length, 2);
    });

    busTest('who has ended hears no more, not even what is under way', async ({ bus, settled }) => {
      const heard: string[] = [];
      const listener = (text: string) => heard.push(text);
      const first = bus.subscribe('t', listener);
      const second = bus.subscribe('t', listener);
      bus.publish('t', 'a');
      first[Symbol.dispose]();
      first[Symbol.dispose]();
      await settled();
      assert.deepEqual(heard, ['a'], 'the same function subscribed twice is two subscribers');
      second[Symbol.dispose]();
      bus.publish('t', 'b');
      await settled();
      bus.subscribe('t', listener);
      bus.publish('t', 'c');
      await settled();
      assert.deepEqual(heard, ['a', 'c']);
    });

    busTest('one may end another, or join, while a notice is heard', async ({ bus, settled }) => {
      const heard: string[] = [];
      bus.subscribe('t', text => {
        other[Symbol.dispose]();
        bus.subscribe('t', late => heard.push(`late:${late}`));
        heard.push(text);
      });
      const other = bus.subscribe('t', () => heard.push('other'));
      bus.publish('t', 'a');
      await settled();
      assert.deepEqual(heard, ['a']);
    });
  });
}
