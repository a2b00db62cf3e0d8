// A server, the parts of the vendor's deployment toolkit whose names lead to it, and files that they upload.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { startTestServer } from '../harness.ts';
import { leadHere, requireClient } from './installed.ts';

export const APP_ID = '1250000000';
export const REGION = 'ap-guangzhou';

export interface Keys {
  readonly SecretId: string;
  readonly SecretKey: string;
  readonly Token?: string;
}

type Part = Readonly<Record<string, (inputs: unknown) => Promise<unknown>>>;

/** For one file of tests: it is closed after them. */
export async function openToolkit() {
  const server = await startTestServer();
  const { ports, caPath } = await server.get<{
    ports: { portHttp: number; portTls: number };
    caPath: string;
  }>('/status');
  const base = await mkdtemp(join(tmpdir(), 'openscf-toolkit-'));
  // It prints every step.
  console.log = () => {};
  const redirect = leadHere(ports.portTls, await readFile(caPath, 'utf8'));
  after(async () => {
    redirect[Symbol.dispose]();
    await server.close();
    await rm(base, { recursive: true });
  });
  const { secretId, secretKey } = server.credentials;
  const own: Keys = { SecretId: secretId, SecretKey: secretKey };

  return {
    server,
    ports,
    base,
    /** A new instance each time, as every run of a deployment has. */
    part(name: 'Cam' | 'Cos' | 'Scf' | 'Layer', keys = own) {
      const parts = requireClient('tencent-component-toolkit') as Readonly<
        Record<string, new (credentials: Keys, region: string) => Part>
      >;
      const Part = parts[name];
      if (!Part) throw new Error(`the toolkit has no ${name}`);
      // It writes into what it is given.
      const made = new Part({ ...keys }, REGION);
      return <T = unknown>(verb: string, inputs: unknown) =>
        (made[verb]?.(structuredClone(inputs)) ?? assert.fail(verb)) as Promise<T>;
    },
    /** Under `base`; gives its whole path. */
    async fileOf(path: string, content: string | Buffer): Promise<string> {
      const file = join(base, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
  };
}
