// The data folder: what lies in it beside the store, the blobs and the CA.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Ids } from '../core/ids.ts';
import { fail } from './errors.ts';

export interface Credentials {
  readonly secretId: string;
  readonly secretKey: string;
}

export interface DataFolder {
  readonly path: string;
  readonly credentials: Credentials;
  /** Stands for the keys under /_openscf/v1 on loopback: who can read the file may use the server. */
  readonly token: string;
  /** Says where the running server is, for the command line. */
  announce(server: { readonly pid: number; readonly endpoint: string; readonly version: string }): Promise<void>;
  withdraw(): Promise<void>;
}

const OWNER_ONLY = 0o600;
const credentialsSchema = z.object({ secretId: z.string().min(1), secretKey: z.string().min(1) });

type Given = { readonly [Name in keyof Credentials]?: Credentials[Name] | undefined };

/** `given` keys outrank the kept ones and are not written down. */
export async function openData(folder: string, given: Given, ids: Ids): Promise<DataFolder> {
  const path = resolve(folder);
  const file = (name: string) => join(path, name);
  try {
    await makeFolder(path);
    // Function code is unpacked below: without this, index.js would be read by the rules of whatever project lies around it.
    await writeFile(file('package.json'), '{"type":"commonjs"}\n');
  } catch (error) {
    fail('Server.DataFolder', { path, reason: (error as Error).message }, error);
  }
  const kept = await keep(file('credentials.json'), () => JSON.stringify(randomKeys(ids), null, 2));
  const token = await keep(file('token'), () => ids.bytes(24).toString('hex'));
  return {
    path,
    credentials: { ...parse(kept, file('credentials.json')), ...defined(given) },
    token: token.trim(),
    async announce(server) {
      const text = JSON.stringify(server, null, 2);
      // Whole or not at all: the command line may read it at any moment.
      await writeFile(file('server.json.new'), text, { mode: OWNER_ONLY });
      await rename(file('server.json.new'), file('server.json'));
    },
    withdraw: () => rm(file('server.json'), { force: true }),
  };
}

/** Node's own recursive way never comes back from places where nothing can be made (/proc). */
async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  });
}

/** The file's text; a missing one is made, readable by its owner alone. */
async function keep(path: string, make: () => string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return fail('Server.DataFile', { path, reason: message }, error);
    const text = make();
    await writeFile(path, text, { mode: OWNER_ONLY });
    return text;
  }
}

function parse(text: string, path: string): Credentials {
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch (error) {
    return fail('Server.DataFile', { path, reason: 'JSON {"secretId","secretKey"}' }, error);
  }
}

function defined({ secretId, secretKey }: Given): Partial<Credentials> {
  return { ...(secretId !== undefined && { secretId }), ...(secretKey !== undefined && { secretKey }) };
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** In the cloud's form: AKID and 32 letters or digits; 32 letters or digits. */
function randomKeys(ids: Ids): Credentials {
  const text = () => Array.from(ids.bytes(32), byte => LETTERS[byte % LETTERS.length]).join('');
  return { secretId: `AKID${text()}`, secretKey: text() };
}
