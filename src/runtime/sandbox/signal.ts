/** To a process, or with a negative number to a group; false when it is gone or somebody else's. */
export function sendSignal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
