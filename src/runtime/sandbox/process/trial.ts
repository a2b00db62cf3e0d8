// One instance that does nothing, before the first that matters: what a machine forbids is known at start.

import type { Clock } from '../../../core/clock.ts';
import type { Sandbox, SandboxSpec } from '../driver.ts';

/** Far more than a start takes on a busy machine. */
const TRIAL_MS = 15_000;

/** It has a folder for its files, can be talked to, and can be killed. */
const SPEC: SandboxSpec = Object.freeze({
  command: '/bin/sh',
  args: ['-c', ': > "$TMPDIR/file" && echo stands >&3 && read line <&3'],
  env: {},
  shows: [],
  memoryMB: 64,
  network: 'shared',
});

/** What went wrong; undefined when all is well. */
export async function trial(start: (spec: SandboxSpec) => Sandbox, clock: Clock): Promise<string | undefined> {
  let sandbox: Sandbox;
  try {
    sandbox = start(SPEC);
  } catch (error) {
    return (error as Error).message;
  }
  const { channel, output, exited } = sandbox;
  let stands = false;
  let late = false;
  channel
    .on('error', () => {})
    .once('data', () => {
      stands = true;
      sandbox.kill();
    });
  output.on('error', () => {}).resume();
  // Its end of the channel lets it end by itself where it cannot be killed.
  using _ = clock.at(clock.now() + TRIAL_MS, () => {
    late = true;
    sandbox.kill();
    channel.destroy();
  });
  const { code, signal, error } = await exited;
  sandbox.close();
  if (error) return error.message;
  if (late) return stands ? 'an instance cannot be killed' : 'an instance did not start in time';
  if (stands && signal === 'SIGKILL') return undefined;
  return signal ? `the trial was ended by ${signal}` : `the trial ended with exit code ${code}`;
}
