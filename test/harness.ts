// A whole server for tests: free ports, a data folder of its own, a clock that can be turned.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.ts';
import { TurnableClock } from '../src/core/clock.ts';
import { startServer } from '../src/server.ts';

export interface TestServer {
  readonly endpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly dataDir: string;
  /** Lets time pass for function processes alone: their limits do not heed the clock that is turned by `/clock`. */
  passForFunctions(ms: number): Promise<void>;
  /** No time passes for function processes until it is disposed of. */
  stopForFunctions(): Disposable;
  /** A path under /_openscf/v1. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object): Promise<T>;
  /** Stops the server and starts another on the same folder; `between` may look at the folder, or change it. */
  restart(between?: () => Promise<void>): Promise<TestServer>;
  /** Stops the server and drops the folder. */
  close(): Promise<void>;
}

/** `settings` by their names (`compat.apigwHeaderCase`), on top of free ports, `dev` and a quiet log. */
export async function startTestServer(settings: Readonly<Record<string, unknown>> = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-test-'));
  return start(dataDir, { 'clb.vips': ownAddresses(), ...settings });
}

let servers = 0;

/** Load balancers open the ports that they are told: servers of tests that run at once need addresses of their own. */
function ownAddresses(): string {
  const own = process.pid % (100 * 256);
  return process.platform === 'linux' ? `127.${100 + (own >> 8)}.${own & 255}.${(servers++ % 8) * 32}/27` : '';
}

/** What every server of a test runs with, unless `settings` say otherwise. */
export function testConfig(
  dataDir: string,
  settings: Readonly<Record<string, unknown>>,
): ReturnType<typeof loadConfig> {
  const flags = {
    data: dataDir,
    portApi: 0,
    portHttp: 0,
    portCos: 0,
    portTls: 0,
    dev: true,
    logLevel: 'error',
    memory: 2048,
    // The suite of the sandbox sets it; a prepared sandbox would be a process per test that nobody asked for.
    sandbox: process.env.OPENSCF_TEST_SANDBOX ?? 'process',
    warm: 0,
    // A test is not to depend on a registry.
    runtimes: 'installed',
    'clb.vips': settings['clb.vips'] ?? ownAddresses(),
    ...settings,
  };
  return loadConfig({ flags, env: { LANG: 'C' }, cwd: dataDir, freeMemoryMB: 4096 });
}

async function start(dataDir: string, settings: Readonly<Record<string, unknown>>): Promise<TestServer> {
  const processClock = new TurnableClock();
  const server = await startServer({ ...testConfig(dataDir, settings), processClock });

  async function own<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${server.endpoint}/_openscf/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  return {
    endpoint: server.endpoint,
    credentials: server.credentials,
    dataDir,
    async passForFunctions(ms) {
      await processClock.advance(ms);
      processClock.resume();
    },
    stopForFunctions() {
      processClock.freeze();
      return { [Symbol.dispose]: () => processClock.resume() };
    },
    get: path => own('GET', path),
    post: (path, body) => own('POST', path, body),
    async restart(between) {
      await server.close();
      await between?.();
      return start(dataDir, settings);
    },
    async close() {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
