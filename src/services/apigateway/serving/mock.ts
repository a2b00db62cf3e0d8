// APIs that answer by themselves with a fixed text (backend MOCK).

import type { Target } from '../target.ts';
import { gatewayError, NO_UPSTREAM } from './errorbody.ts';

export const MOCK: Target = Object.freeze<Target>({
  functionName: '',
  async invoke({ route }) {
    const { backend } = route.api;
    if (backend.type !== 'MOCK' || backend.message === '') return gatewayError(481, 'Mock config error');
    const type = isJson(backend.message) ? 'application/json' : 'text/plain; charset=utf-8';
    return {
      status: 200,
      headers: ['Content-Type', type],
      body: Buffer.from(backend.message),
      upstreamStatus: NO_UPSTREAM,
    };
  },
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
