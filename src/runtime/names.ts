// What an instance is told about the cloud's names: the bootstraps lead calls to them to this server (languages/*/names.*).

import { isIP } from 'node:net';
import { CLOUD_SUFFIXES } from '../core/cloudnames.ts';

/** Part of the settings that a bootstrap gets; absent when the names keep their real addresses. */
export interface NamesSettings {
  /** Endings of the names that are led here, each with its dot. */
  readonly suffixes: readonly string[];
  /** Where this server is reached. */
  readonly host: string;
  /**
   * What looking up a name answers. Connections to it are led to `host` by the same table of ports: so a client that
   * looks up first and connects to the address arrives as well.
   */
  readonly address: string;
  /** Port that a client means → port of this server. Others stay as they are. */
  readonly ports: Readonly<Record<string, number>>;
  /** Certificate authority, PEM; trusted for these names alone. */
  readonly ca: string;
}

export interface NamesOf {
  readonly cloudNames: 'on' | 'off';
  /** The address that the server listens on. */
  readonly host: string;
  /** Ports as they were opened. */
  readonly ports: { readonly api: number; readonly tls: number };
  readonly caPem: string;
}

/** Nobody listens there, and where it is no address of this machine (macOS) nobody has to: it is replaced before use. */
const STAND_IN = '127.97.0.1';
/** Listening everywhere, it is reached here. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1' };

export function cloudNames({ cloudNames, host, ports, caPem }: NamesOf): NamesSettings | undefined {
  if (cloudNames === 'off') return undefined;
  const reached = EVERYWHERE[host] ?? host;
  return Object.freeze({
    suffixes: CLOUD_SUFFIXES,
    host: reached,
    // A client that was given an IPv4 address would make an IPv4 socket, which reaches no IPv6 host.
    address: isIP(reached) === 6 ? reached : STAND_IN,
    ports: Object.freeze({ 443: ports.tls, 80: ports.api }),
    ca: caPem,
  });
}
