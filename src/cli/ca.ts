// openscf ca

import type { Command } from 'commander';
import { fail } from './errors.ts';
import type { Io, Say } from './io.ts';
import { quoted } from './quoted.ts';
import { openSession } from './session.ts';
import type { Status } from './wire.ts';

/** Node.js adds it to its own roots; the others read it in their place. */
const VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];

export function caCommand(program: Command, io: Io, say: Say): void {
  const command = program.command('ca');
  command.description(
    say({
      zh: '输出 CA 证书的路径，以及让客户端信任它的环境变量',
      en: 'print the path of the CA and the variables that make clients trust it',
    }),
  );
  command.action(async () => {
    const session = openSession(command, io);
    const { caPath } = await session.client.get<Status>('/status');
    if (caPath === undefined) return fail('Cli.NoCa');
    const variables = Object.fromEntries(VARIABLES.map(name => [name, caPath]));
    if (session.json) return io.out(`${JSON.stringify({ path: caPath, variables })}\n`);
    io.out(`${caPath}\n`);
    for (const name of VARIABLES) io.out(`export ${name}=${quoted(caPath)}\n`);
  });
}
