// One run of a command of the object store.

import type { Command } from 'commander';
import { CloudError } from '../../core/errors.ts';
import { Exit } from '../exit.ts';
import type { Io } from '../io.ts';
import { openSession, type Session } from '../session.ts';
import type { Status } from '../wire.ts';
import { type CosAddress, formatAddress, parseAddress, shown } from './address.ts';
import { CosClient } from './client.ts';
import { COS_CLI_ERRORS, fail } from './errors.ts';

export interface CosSession extends Session {
  readonly cos: CosClient;
  readonly status: Status;
  /** The user has had enough. */
  readonly signal: AbortSignal;
  /** With the bucket's name whole. */
  address(text: string): CosAddress;
}

/** As shells have it: 128 and the number of the signal. */
const ENDED = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Manner {
  /** It is about more than its output: that nobody reads on leaves it half done. */
  readonly acts?: boolean | undefined;
}

/** The first signal breaks the work off, so that no half of an upload stays; a second one finds no handler and kills. */
export async function withCos(
  command: Command,
  io: Io,
  work: (session: CosSession) => Promise<void>,
  { acts }: Manner = {},
): Promise<void> {
  const session = openSession(command, io);
  const status = await session.client.get<Status>('/status');
  const stop = new AbortController();
  const { signal } = stop;
  const onSignal = (name: (typeof SIGNALS)[number]) => {
    off();
    stop.abort(new Exit(ENDED[name]));
  };
  const off = () => SIGNALS.forEach(name => void process.off(name, onSignal));
  for (const name of SIGNALS) process.on(name, onSignal);
  io.onLost?.(error => stop.abort(error.code === 'EPIPE' ? new Exit(acts ? ENDED.SIGPIPE : 0) : unwritable(error)));
  using cos = new CosClient(session, io.clock, signal);
  try {
    await work({ ...session, cos, status, signal, address: text => parseAddress(text, status.appId) });
    // All is done, but not all was said.
    if (signal.reason instanceof CloudError) throw signal.reason;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    off();
    io.onLost?.(undefined);
  }
}

const unwritable = ({ message }: Error): CloudError =>
  new CloudError('Cli.CosOutput', COS_CLI_ERRORS['Cli.CosOutput'], { reason: message });

/** One that names an object. */
export function needKey(address: CosAddress): CosAddress {
  return address.key === '' ? fail('Cli.CosNoKey', { address: formatAddress(address) }) : address;
}

/** One that names a bucket and no object. */
export function needBucket(address: CosAddress): string {
  const { bucket, key } = address;
  return key === '' ? bucket : fail('Cli.CosBucketAlone', { address: shown(formatAddress(address)), bucket });
}
