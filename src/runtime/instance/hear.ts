// What a process says through its channel, told apart.

import {
  decodeDeclined,
  decodeEnded,
  decodeFailed,
  decodeFault,
  decodeLoadError,
  ENDED_BYTES,
  type Ended,
  FROM_INSTANCE,
  FrameError,
} from './frames.ts';
import { failedRun, failure, shownStack, type Verdict } from './outcomes.ts';

export interface Heard {
  ready(): void;
  loadFailed(verdict: Verdict): void;
  /** The stack of an error that ends it. */
  fault(stack: string): void;
  answered(ended: Ended, verdict: Verdict): void;
  /** A run is over that was answered early. */
  ended(ended: Ended): void;
  declined(turn: number): void;
}

/** Stacks are shown as if the code lay where users know it, and not in `codeDir`. */
export function hear(type: number, payload: Buffer, starting: boolean, codeDir: string, heard: Heard): void {
  if (type === FROM_INSTANCE.fault) heard.fault(shownStack(decodeFault(payload), codeDir));
  else if (starting) hearStarting(type, payload, codeDir, heard);
  else if (type === FROM_INSTANCE.result) {
    const ended = decodeEnded(payload);
    heard.answered(ended, { status: 200, body: payload.subarray(ENDED_BYTES), message: '', stack: '' });
  } else if (type === FROM_INSTANCE.error) {
    const failed = decodeFailed(payload);
    heard.answered(failed, failedRun(failed.status, failed.message, failed.stack, codeDir));
  } else if (type === FROM_INSTANCE.ended) heard.ended(decodeEnded(payload));
  else if (type === FROM_INSTANCE.declined) heard.declined(decodeDeclined(payload));
  else throw new FrameError(`unexpected frame ${type}`);
}

function hearStarting(type: number, payload: Buffer, codeDir: string, heard: Heard): void {
  if (type === FROM_INSTANCE.hello) return;
  if (type === FROM_INSTANCE.ready) heard.ready();
  else if (type === FROM_INSTANCE.loadError) {
    const { status, message } = decodeLoadError(payload);
    heard.loadFailed(failure(status, shownStack(message, codeDir)));
  } else throw new FrameError(`frame ${type} while starting`);
}
