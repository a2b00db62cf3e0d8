// The commands against a store that is kept in memory, behind the routes that they ask for; for tests alone.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SystemClock } from '../../core/clock.ts';
import { ACCOUNT } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import { AccountGuard } from '../../services/cos/auth/guard.ts';
import { cosSite } from '../../services/cos/http/site.ts';
import { ROOT, SECRET } from '../../services/cos/http/testing.ts';
import { House, REGION } from '../../services/cos/testing.ts';
import { type Extra, type Run, runIn } from '../fixture.ts';

interface Instead {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Stall {
  readonly house: House;
  readonly cwd: string;
  readonly endpoint: string;
  /** `PUT /bucket/key?…` of what reached the store. */
  readonly asked: string[];
  /** May break a request: what it gives is sent in place of the store's answer. */
  before: (request: IncomingMessage) => Instead | 'hang up' | undefined;
  run(args: readonly string[], extra?: Extra): Promise<Run>;
  /** Fails unless the command does what it is to do; gives what it says. */
  cos(...args: string[]): Promise<string>;
  file(name: string, content: Buffer | string): Promise<string>;
  read(name: string): Promise<Buffer>;
}

export async function openStall(t: TestContext): Promise<Stall> {
  const house = await House.open();
  const { clock, log } = house;
  const holder = { names: [ROOT], limits: [] };
  const secrets = { secretOf: (id: string) => (id === SECRET.secretId ? { ...SECRET, holder } : undefined) };
  const site = cosSite({
    ...{ cos: house.cos, clock, log, ids: new SeededIds('http'), account: ACCOUNT, region: REGION, endpoints: [] },
    guard: new AccountGuard({ secrets, wallClock: new SystemClock(), account: ACCOUNT }),
  });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/_openscf/v1/status') {
      const { port } = server.address() as AddressInfo;
      response.end(JSON.stringify({ appId: ACCOUNT.appId, region: REGION, ports: { portCos: port } }));
      return;
    }
    asked.push(`${request.method} ${request.url}`);
    const instead = stall.before(request);
    if (instead === 'hang up') request.socket.destroy();
    else if (instead) {
      const { status, body, headers } = instead;
      request.resume().on('end', () => response.writeHead(status, headers).end(body));
    } else void site.serve(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-cos-'));
  t.after(async () => {
    await new Promise(resolve => server.close(resolve));
    await house[Symbol.asyncDispose]();
    await rm(cwd, { recursive: true, force: true });
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(cwd, 'server.json'), JSON.stringify({ endpoint }));
  await writeFile(join(cwd, 'credentials.json'), JSON.stringify(SECRET));
  await writeFile(join(cwd, 'token'), 'the-token\n');
  const stall: Stall = {
    ...{ house, cwd, endpoint, asked },
    before: () => undefined,
    run: (args, extra = {}) => runIn(cwd, ['--data', '.', 'cos', ...args], extra),
    async cos(...args) {
      const { status, out, note } = await stall.run(args);
      if (status !== 0) throw new Error(`openscf cos ${args.join(' ')}: ${status} ${note}`);
      return out;
    },
    async file(name, content) {
      await writeFile(join(cwd, name), content);
      return name;
    },
    read: name => readFile(join(cwd, name)),
  };
  return stall;
}
