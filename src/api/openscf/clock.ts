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
        if (!asked.success) return fail('InvalidParameter', { name: 'body', reason: FORMS });
        await turn(turnable, asked.data);
        return state();
      },
    },
  ];
}

const FORMS =
  '{"action":"freeze"} | {"action":"resume"} | {"action":"advance","ms":1000} | {"action":"to","instantMs":1}';

/** The years of the cron grammar end here, and a little beyond so do the forms in which times are shown. */
const END_MS = Date.UTC(2100, 0, 1);

async function turn(clock: TurnableClock, asked: z.output<typeof change>): Promise<void> {
  checkEnd(asked, clock);
  if (asked.action === 'advance') await clock.advance(asked.ms);
  else if (asked.action === 'freeze') clock.freeze();
  else if (asked.action === 'resume') clock.resume();
  else if (asked.action === 'to') {
    if (asked.instantMs >= clock.now()) return clock.moveTo(asked.instantMs);
    const reason = `时间只能向前拨 (a clock is only turned forward; it is ${new Date(clock.now()).toISOString()})`;
    fail('InvalidParameterValue', { name: 'instantMs', reason });
  }
}

function checkEnd(asked: z.output<typeof change>, clock: Clock): void {
  const [name, to] =
    asked.action === 'advance'
      ? ['ms', clock.now() + asked.ms]
      : asked.action === 'to'
        ? ['instantMs', asked.instantMs]
        : ['', 0];
  if (to <= END_MS) return;
  const reason = '时间最远拨到 2100-01-01T00:00:00Z (the clock ends at 2100-01-01T00:00:00Z)';
  fail('InvalidParameterValue', { name, reason });
}
