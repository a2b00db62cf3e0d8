// Node.js: exactly the version of the runtime id, fetched once; else the nearest there is. This server's own one always is.

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Nodes } from '../../installs/nodes.ts';
import type { Places } from '../../sandbox/driver.ts';
import { assetPath } from '../assets.ts';
import { choiceOf, isExact, numbersOf } from '../choose.ts';
import { managed, NODE_PLACES, probe, programs } from '../find.ts';
import type { Choice, Interpreter, Language, LanguageSettings, Start, Tools } from '../language.ts';

/** Older ones lack what the bootstrap stands on; their runtime ids run on this one. */
const LOWEST = 'Nodejs10.15';
const LOWEST_MAJOR = 10;
/** How long the first call of a runtime waits for its interpreter before another one runs it. */
const FETCH_MS = 60_000;
/** The rest is for young objects, code and buffers: V8's limit is for old objects alone. */
const HEAP_SHARE = 0.75;

export interface NodeOptions {
  /** Versions in the data folder. */
  readonly nodes?: Nodes;
  /** Whether missing ones are fetched. */
  readonly fetch?: boolean;
  /** Where the libraries of a runtime are, once they are installed. */
  readonly librariesOf?: (runtime: string, interpreter: Interpreter) => string | undefined;
  readonly fetchMs?: number;
}

export function nodeLanguage(options: NodeOptions = {}): Language {
  const { nodes, fetch = false, librariesOf = () => undefined, fetchMs = FETCH_MS } = options;
  let search: Promise<readonly Interpreter[]> | undefined;
  const found = async () => {
    search ??= findNodes();
    return [...(nodes?.installed() ?? []).filter(serves), ...(await search)];
  };
  const available = async (runtime: string): Promise<Choice> => {
    const choice = choiceOf(runtime, 'Node.js', await found());
    return { ...choice, libraries: librariesOf(runtime, choice.interpreter) };
  };
  /** The runtime id to fetch for it; undefined when its version is here. */
  const missing = async (runtime: string) => {
    const wanted = (numbersOf(runtime)[0] ?? 0) < LOWEST_MAJOR ? LOWEST : runtime;
    const asked = numbersOf(wanted);
    return (await found()).some(one => isExact(asked, one.version)) ? undefined : wanted;
  };
  const bring = async (runtime: string, waitMs: number) => {
    const wanted = fetch ? await missing(runtime) : undefined;
    if (wanted !== undefined) await nodes?.tryInstall(wanted, waitMs);
  };
  return {
    name: 'Node.js',
    runtimes: [
      'Nodejs6.10',
      'Nodejs8.9',
      'Nodejs10.15',
      'Nodejs12.16',
      'Nodejs14.18',
      'Nodejs16.13',
      'Nodejs18.15',
      'Nodejs20.19',
      'Nodejs22.21',
      'Nodejs24.11',
    ],
    pattern: /^Nodejs\d{1,2}\.\d{1,2}$/,
    obstacle: () => undefined,
    found,
    async choose(runtime) {
      await bring(runtime, fetchMs);
      return available(runtime);
    },
    available,
    fetches: runtime => fetch && nodes !== undefined && (numbersOf(runtime)[0] ?? 0) >= LOWEST_MAJOR,
    async install(runtime) {
      const wanted = await missing(runtime);
      if (wanted !== undefined) await nodes?.install(wanted);
    },
    prefetch: runtime => void bring(runtime, 0),
    close: () => nodes?.close(),
    entryEnding: '.js',
    start,
    countsAtStart: name => AT_START.test(name),
    settings,
    tools,
    variables: (...given) => settings(...given).env,
  };
}

async function findNodes(): Promise<readonly Interpreter[]> {
  const own = { path: realpathSync(process.execPath), version: process.versions.node };
  const paths = programs({ names: /^node(js)?(-?\d+)?$/, folders: managed(NODE_PLACES) });
  const others = await Promise.all(paths.filter(path => path !== own.path).map(path => probe(path, ['--version'])));
  return [own, ...others.filter(one => one !== undefined).filter(serves)];
}

function serves(interpreter: Interpreter): boolean {
  return (numbersOf(interpreter.version)[0] ?? 0) >= LOWEST_MAJOR;
}

/** Read by the interpreter itself before it runs any code. */
const AT_START =
  /^(NODE_(OPTIONS|EXTRA_CA_CERTS|DEBUG|DEBUG_NATIVE|ICU_DATA|NO_WARNINGS|PENDING_DEPRECATION|PRESERVE_SYMLINKS|PRESERVE_SYMLINKS_MAIN|REDIRECT_WARNINGS|V8_COVERAGE|COMPILE_CACHE|USE_ENV_PROXY|USE_SYSTEM_CA)|LD_.*|MALLOC_.*|GLIBC_TUNABLES|LC_.*|LANG|OPENSSL_.*|SSL_CERT_.*|UV_USE_IO_URING)$/;

function start(interpreter: Interpreter, memoryMB: number): Start {
  const bootstrap = assetPath('node/bootstrap.cjs');
  return {
    command: interpreter.path,
    args: [`--max-old-space-size=${Math.floor(memoryMB * HEAP_SHARE)}`, bootstrap],
    env: {},
    shows: [dirname(bootstrap), ...treeOf(interpreter)],
  };
}

/** The interpreter, and the modules that come with it. */
function treeOf(interpreter: Interpreter): string[] {
  const library = libraryOf(interpreter);
  return existsSync(library) ? [interpreter.path, library] : [interpreter.path];
}

/** Majors that the cloud has, or may have. */
const MAJORS = Array.from({ length: 21 }, (_, i) => 6 + i);

function tools(interpreter: Interpreter, runtime: string): Tools {
  const folder = dirname(interpreter.path);
  const library = libraryOf(interpreter);
  const beside = ['npm', 'npx', 'corepack'].map(name => [name, join(folder, name)] as const);
  return {
    home: `node${numbersOf(runtime)[0]}`,
    homes: MAJORS.map(major => `node${major}`),
    programs: {
      node: interpreter.path,
      nodejs: interpreter.path,
      ...Object.fromEntries(beside.filter(([, path]) => existsSync(path))),
    },
    ...(existsSync(library) && { modules: library }),
    shows: treeOf(interpreter),
  };
}

function libraryOf(interpreter: Interpreter): string {
  return join(dirname(dirname(interpreter.path)), 'lib', 'node_modules');
}

function settings(interpreter: Interpreter, places: Places, libraries: string | undefined): LanguageSettings {
  const { codeDir, optDir } = places;
  const path = [
    codeDir,
    join(codeDir, 'node_modules'),
    libraryOf(interpreter),
    optDir,
    join(optDir, 'node_modules'),
    ...(libraries === undefined ? [] : [join(libraries, 'node_modules')]),
  ];
  return { env: { NODE_PATH: path.join(':') }, path: [] };
}
