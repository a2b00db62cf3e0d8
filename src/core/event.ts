// What arrives: an event for a function, its bytes final.

import type { Exchange } from './exchange.ts';
import type { FunctionKey } from './function.ts';

/** Where an event came from; the text also stands in dead letters as `TRIGGER_<SOURCE>`. */
export type EventSource = 'invoke' | 'timer' | 'apigw' | (string & {});

export interface FunctionEvent {
  readonly requestId: string;
  readonly target: FunctionKey;
  /** Version number, `$LATEST` or an alias. */
  readonly qualifier: string;
  readonly source: EventSource;
  /** JSON text in UTF-8. Nobody between the builder and the function parses it. */
  readonly body: Buffer;
  /** JSON object of strings, for aliases that route by rule. */
  readonly routingKey?: string;
  /** For a web function, and for no other: the request itself. `body` then is a few words about it, for records. */
  readonly exchange?: Exchange;
}
