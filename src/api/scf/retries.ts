// GetFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig: how asynchronous calls are retried.

import { z } from 'zod';
import { fail } from '../../control/errors.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { FUNCTION, int, keyOf, text } from './types.ts';

/** Second entry of RetryConfig: failures of the platform and over a limit are retried until MsgTTL, always. */
const UNTIL_MSG_TTL = -1;

const GetFunctionEventInvokeConfig = action({
  request: z.object({ ...FUNCTION, Qualifier: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    const policy = await control.functions.asyncPolicy(keyOf(request, region), request.Qualifier || undefined);
    return {
      AsyncTriggerConfig: {
        RetryConfig: [{ RetryNum: policy.retryNum }, { RetryNum: UNTIL_MSG_TTL }],
        MsgTTL: policy.msgTtlS,
      },
    };
  },
});

const UpdateFunctionEventInvokeConfig = action({
  request: z.object({
    ...FUNCTION,
    AsyncTriggerConfig: z.object({ RetryConfig: z.array(z.object({ RetryNum: int })), MsgTTL: int }),
  }),
  async handle(request, { control, region }: ScfContext) {
    const { RetryConfig, MsgTTL } = request.AsyncTriggerConfig;
    const [own, others, ...rest] = RetryConfig;
    if (!own || rest.length > 0 || (others && others.RetryNum !== UNTIL_MSG_TTL)) {
      fail('InvalidParameterValue.AsyncTriggerConfig', {
        zh: 'RetryConfig 第一项为运行错误的重试次数，第二项可省略或为 {"RetryNum":-1}。',
        en: 'the first entry of RetryConfig says how often a failed run is retried; a second one may only be {"RetryNum":-1}.',
      });
    }
    await control.functions.setAsyncPolicy(keyOf(request, region), { retryNum: own.RetryNum, msgTtlS: MsgTTL });
    return {};
  },
});

export const RETRY_ACTIONS = { GetFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig };
