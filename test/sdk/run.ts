// Runs a command against a server of its own, whose address and keys the command finds in its environment:
// `node test/sdk/run.ts <program> [arguments]`. The exit code is the command's.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../program.ts';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node test/sdk/run.ts <program> [arguments]');
  process.exit(2);
}

const dataDir = await mkdtemp(join(tmpdir(), 'openscf-sdk-'));
try {
  const server = await startProgram({ dataDir });
  try {
    process.exitCode = await follow(program, args, {
      ...process.env,
      OPENSCF_ENDPOINT: new URL(server.endpoint).host,
      OPENSCF_COS_ENDPOINT: new URL(server.cosEndpoint).host,
      OPENSCF_SECRET_ID: server.secretId,
      OPENSCF_SECRET_KEY: server.secretKey,
    });
  } finally {
    await server.stop();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}

function follow(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env });
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 1));
    // Whoever ends this run ends the command; the server is stopped after it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  });
}
