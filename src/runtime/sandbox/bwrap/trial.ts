// One sandbox that does nothing, before the first that matters: what a machine forbids is known at start.

import type { Clock } from '../../../core/clock.ts';
import type { Assignment, Sandbox, SandboxSpec } from '../driver.ts';

/** Far more than a start takes on a busy machine. */
const TRIAL_MS = 15_000;

export interface TrialInput {
  readonly start: (spec: SandboxSpec) => Sandbox;
  /** A folder that has a file of that name, to be brought in. */
  readonly codeDir: string;
  readonly file: string;
  /** Brought in when it has started, or from the beginning. */
  readonly late: boolean;
  readonly clock: Clock;
}

/** What went wrong; undefined when all is well. */
export async function trial({ start, codeDir, file, late, clock }: TrialInput): Promise<string | undefined> {
  const assignment: Assignment = { codeDir, optDir: undefined, memoryMB: 64 };
  const spec: SandboxSpec = {
    command: '/bin/sh',
    args: ['-c', 'read line <&3 && test -r "/var/user/$1"', 'sh', file],
    env: {},
    shows: [],
    memoryMB: assignment.memoryMB,
    network: 'shared',
    ...(late ? {} : { assignment }),
  };
  let sandbox: Sandbox;
  try {
    sandbox = start(spec);
  } catch (error) {
    return (error as Error).message;
  }
  using _deadline = clock.at(clock.now() + TRIAL_MS, () => sandbox.kill());
  for (const stream of [sandbox.channel, sandbox.output]) stream.on('error', () => {}).resume();
  let refused: string | undefined;
  try {
    await sandbox.assign(assignment);
    sandbox.channel.write('\n');
  } catch (error) {
    refused = (error as Error).message;
    sandbox.kill();
  }
  const { code, signal, error } = await sandbox.exited;
  sandbox.close();
  if (error) return error.message;
  if (code === 0) return undefined;
  if (refused !== undefined && signal === 'SIGKILL') return refused;
  return signal ? `the trial was ended by ${signal}` : `the trial ended with exit code ${code}`;
}
