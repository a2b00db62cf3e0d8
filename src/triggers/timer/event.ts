// What a timer's function receives.

/** `tickMs` is the scheduled instant, not the time of delivery. */
export function timerEvent(triggerName: string, tickMs: number, message: string): Buffer {
  const event = { Type: 'Timer', TriggerName: triggerName, Time: tickText(tickMs), Message: message };
  return Buffer.from(JSON.stringify(event));
}

/** `YYYY-MM-DDTHH:MM:SSZ`: UTC, whole seconds. */
export function tickText(tickMs: number): string {
  return `${new Date(tickMs).toISOString().slice(0, 19)}Z`;
}

/** As the trigger manual prints it. */
export function timerSample(): unknown {
  return { Type: 'Timer', TriggerName: 'EveryDay', Time: '2019-02-21T11:49:00Z', Message: 'user define msg body' };
}
