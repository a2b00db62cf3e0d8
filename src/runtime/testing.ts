// For tests of this room: functions from source text, a blob store in memory, and a runtime around them.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { SystemClock } from '../core/clock.ts';
import type { FunctionVersion } from '../core/function.ts';
import { SystemIds } from '../core/ids.ts';
import type { Outcome } from '../core/invocation.ts';
import { NO_LOG } from '../core/log.ts';
import type { Blob } from '../core/ports.ts';
import { createRuntime, type Runtime, type RuntimeDeps } from './runtime.ts';

export class MemoryBlob implements Blob {
  readonly contents = new Map<string, Buffer>();

  async put(content: Buffer | Readable): Promise<{ sha256: string; bytes: number }> {
    const bytes = Buffer.isBuffer(content) ? content : await buffer(content);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.contents.set(sha256, bytes);
    return { sha256, bytes: bytes.length };
  }
  async get(sha256: string): Promise<Readable | undefined> {
    const bytes = this.contents.get(sha256);
    return bytes && Readable.from([bytes]);
  }
  async delete(sha256: string): Promise<void> {
    this.contents.delete(sha256);
  }
}

export type Files = Readonly<Record<string, string | { readonly text: string; readonly mode: number }>>;

/** The same files make the same bytes, whenever: packages are told apart by their content. */
const mtime = new Date(2020, 0, 1);

export function zipOf(files: Files): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    const { text, mode } = typeof content === 'string' ? { text: content, mode: 0o100644 } : content;
    zip.addBuffer(Buffer.from(text), name, { mode, mtime });
  }
  zip.end();
  return buffer(zip.outputStream);
}

export const VERSION: FunctionVersion = Object.freeze({
  region: 'ap-guangzhou',
  namespace: 'default',
  name: 'hello',
  version: '$LATEST',
  id: 'lam-abcdefgh',
  type: 'Event',
  // This server's own, which is always there.
  runtime: `Nodejs${process.versions.node.split('.', 2).join('.')}`,
  handler: 'index.main_handler',
  description: '',
  memoryMB: 128,
  timeoutS: 3,
  initTimeoutS: 10,
  environment: {},
  code: { sha256: '', bytes: 0 },
  layers: [],
  asyncRun: false,
  traced: false,
  deadLetter: null,
  protocol: '',
  wsIdleTimeoutS: 0,
  role: '',
  status: 'Active',
  statusReasons: [],
  echoed: {},
  revision: 1,
  addTime: 0,
  modTime: 0,
});

/** Nobody waits longer for what is bound to come, on a machine that does other things meanwhile. */
export const LONG_MS = 60_000;
/** Of real processes: a limit that a test is about is its own. */
const UNHURRIED = { timeoutS: 60, initTimeoutS: 60 };

/** The suite of the sandbox sets it; everything else runs where nothing is installed. */
function sandboxOfTests(): 'process' | 'bwrap' {
  return process.env.OPENSCF_TEST_SANDBOX === 'bwrap' ? 'bwrap' : 'process';
}

export interface Bench {
  readonly runtime: Runtime;
  readonly blob: MemoryBlob;
  readonly dir: string;
  version(files: Files, change?: Partial<FunctionVersion>): Promise<FunctionVersion>;
  run(
    version: FunctionVersion,
    event?: unknown,
    call?: { source?: string; waitMs?: number; requestId?: string },
  ): Promise<Outcome>;
}

/** A runtime in a folder of its own; `using` or `close` removes both. */
export async function bench(change: Partial<RuntimeDeps> = {}): Promise<Bench & AsyncDisposable> {
  const dir = change.dataDir ?? (await mkdtemp(join(tmpdir(), 'openscf-runtime-')));
  const blob = new MemoryBlob();
  const clock = new SystemClock();
  const ids = new SystemIds();
  const account = { appId: '1250000000', uin: '100000000001' };
  const base = { blob, dataDir: dir, clock, processClock: clock, ids, log: NO_LOG, account, memoryMB: 4096 };
  const runtime = await createRuntime({ ...base, sandbox: sandboxOfTests(), ...change });
  return {
    runtime,
    blob,
    dir,
    async version(files, versionChange) {
      return Object.freeze({ ...VERSION, ...UNHURRIED, code: await blob.put(await zipOf(files)), ...versionChange });
    },
    run(version, event = {}, { source = 'invoke', waitMs = LONG_MS, requestId = ids.uuid() } = {}) {
      const { region, namespace, name } = version;
      const target = { region, namespace, name };
      const body = Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event));
      return runtime.run(version, {
        event: { requestId, target, qualifier: '$LATEST', source, body },
        retryNum: 0,
        waitMs,
      });
    },
    async [Symbol.asyncDispose]() {
      await runtime.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
