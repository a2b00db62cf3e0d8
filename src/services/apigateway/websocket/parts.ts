// Which functions stand behind the WebSocket APIs now.

import type { WebSocketPart } from '../model.ts';
import type { SocketTarget } from './target.ts';

type TargetOf<Part extends WebSocketPart> = Extract<SocketTarget, { readonly part: Part }>;

export class Parts {
  readonly #targets = new Map<string, SocketTarget>();

  find<Part extends WebSocketPart>(apiId: string, part: Part): TargetOf<Part> | undefined {
    // The key holds the part, so what is found is of its type.
    return this.#targets.get(`${part} ${apiId}`) as TargetOf<Part> | undefined;
  }

  attach(apiId: string, target: SocketTarget): Disposable {
    const key = `${target.part} ${apiId}`;
    this.#targets.set(key, target);
    return {
      [Symbol.dispose]: () => {
        // A trigger that changed may have attached anew before the old one goes.
        if (this.#targets.get(key) === target) this.#targets.delete(key);
      },
    };
  }
}
