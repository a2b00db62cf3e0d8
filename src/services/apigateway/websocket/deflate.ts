// Compression (RFC 7692): which offer of a client is taken up, and in how little memory.

import type { PerMessageDeflateOptions } from 'ws';

const NAME = 'permessage-deflate';
/** 4 KB. With it and the level below zlib keeps 100 KB for a connection that has compressed, not 280 (measured). */
const WINDOW_BITS = 12;
const MEMORY_LEVEL = 5;
const CHUNK_BYTES = 8 * 1024;
/** Below it a message is sent as it is. */
const THRESHOLD_BYTES = 1024;

export interface Deflation {
  /** The offer that is taken up, alone. */
  readonly offer: string;
  /** The client lets itself be told how large a window to use. */
  readonly limitsClient: boolean;
}

/** No message is read with the help of another, so that a window need not be kept full. */
export const deflateOptions = (limitsClient: boolean): PerMessageDeflateOptions => ({
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: WINDOW_BITS,
  ...(limitsClient && { clientMaxWindowBits: WINDOW_BITS }),
  threshold: THRESHOLD_BYTES,
  zlibDeflateOptions: { memLevel: MEMORY_LEVEL, chunkSize: CHUNK_BYTES },
  zlibInflateOptions: { chunkSize: CHUNK_BYTES },
});

/** The first offer that can be taken up, if the function has said so; one that cannot be is declined, not refused. */
export function deflationOf(given: string, offered: string | undefined): Deflation | undefined {
  if (!offered || !given.split(',').some(one => nameOf(one) === NAME)) return undefined;
  for (const offer of offered.split(',')) {
    const bits = nameOf(offer) === NAME ? windowBits(offer) : undefined;
    if (bits && bits.server >= WINDOW_BITS) {
      return { offer: offer.trim(), limitsClient: bits.client !== undefined && bits.client >= WINDOW_BITS };
    }
  }
  return undefined;
}

const nameOf = (extension: string): string => extension.split(';', 1)[0]?.trim() ?? '';

const MOST_BITS = 15;
const PARAMETER = /^(?:(server|client)_no_context_takeover|(server|client)_max_window_bits(?:=("?)([89]|1[0-5])\3)?)$/;

/** undefined if the offer is not of the standard's form. The client's are so as well if it cannot be told any. */
function windowBits(offer: string): { readonly server: number; readonly client: number | undefined } | undefined {
  const seen = new Set<string>();
  let [server, client]: [number, number | undefined] = [MOST_BITS, undefined];
  for (const text of offer.split(';').slice(1)) {
    const [parameter = '', takeover, bits, , value] = PARAMETER.exec(text.trim()) ?? [];
    const name = parameter.split('=', 1)[0] ?? '';
    if (name === '' || seen.has(name)) return undefined;
    seen.add(name);
    if (takeover) continue;
    if (bits === 'client') client = Number(value ?? MOST_BITS);
    else if (value === undefined) return undefined;
    else server = Number(value);
  }
  return { server, client };
}
