// The clock of a development server: shown and turned.

import { z } from 'zod';
import { type Clock, TurnableClock } from '../../core/clock.ts';
import { fail } from '../../core/errors.ts';
import type { OpenscfRoute } from './routes.ts';

const change = z.discriminatedUnion('action', [
  z.object({ action: z.literal('freeze') }),
  z.object({ action: z.literal('resume') }),
  z.object({ action: z.literal('advance'), ms: z.number().int().nonnegative() }),
  z.object({ action: z.literal('to'), instantMs: z.number().int() }),
]);

export function clockRoutes(clock: Clock): readonly OpenscfRoute[] {
  const turnable = clock instanceof TurnableClock ? clock : undefined;
  const state = () => ({ nowMs: clock.now(), frozen: turnable?.frozen ?? false });
  return [
    { method: 'GET', path: '/clock', handle: state },
    {
      method: 'POST',
      path: '/clock',
      async handle({ body }) {
        if (!turnable) {
          const reason =
            '只有以 --dev 启动的服务才能拨动时间 (only a server started with --dev lets its clock be turned)';
          return fail('UnsupportedOperation', { reason });
        }
        const asked = change.safeParse(body);
        if (!asked.success) return fail('InvalidParameter', { name: 'action', reason: z.prettifyError(asked.error) });
        await turn(turnable, asked.data);
        return state();
      },
    },
  ];
}

async function turn(clock: TurnableClock, asked: z.output<typeof change>): Promise<void> {
  if (asked.action === 'advance') await clock.advance(asked.ms);
  else if (asked.action === 'freeze') clock.freeze();
  else if (asked.action === 'resume') clock.resume();
  else if (asked.action === 'to') {
    if (asked.instantMs >= clock.now()) return clock.moveTo(asked.instantMs);
    const reason = `时间只能向前拨 (a clock is only turned forward; it is ${new Date(clock.now()).toISOString()})`;
    fail('InvalidParameterValue', { name: 'instantMs', reason });
  }
}
