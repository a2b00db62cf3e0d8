// What an instance is told about the cloud's names: the bootstraps lead calls to them to this server (languages/*/names.*).

import { isIP } from 'node:net';
import { CLOUD_SUFFIXES } from '../core/cloudnames.ts';
import type { Language } from '../core/errors.ts';

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

const WORDS: Readonly<Record<NamesOf['cloudNames'], Readonly<Record<Language, string>>>> = {
  on: {
    zh: 'Node.js 与 Python 函数对云域名的访问转到本服务。无法转到：函数启动的其他程序（如 curl、子进程）、worker 线程、自带解析的库（gevent、uvloop、gRPC）、经代理的请求；请为它们指定接入地址。',
    en: 'Calls from Node.js and Python functions lead here. Not led here: other programs that a function starts (curl, child processes), worker threads, libraries with resolvers of their own (gevent, uvloop, gRPC), and requests through a proxy; give those an endpoint.',
  },
  off: {
    zh: '函数对云域名的访问直达云端（cloudNames=off）。',
    en: 'Calls from functions go to the cloud itself (cloudNames=off).',
  },
};

/** For people: what becomes of the names, and what cannot be caught. */
export function cloudNamesWords(cloudNames: NamesOf['cloudNames']): Readonly<Record<Language, string>> {
  return WORDS[cloudNames];
}
