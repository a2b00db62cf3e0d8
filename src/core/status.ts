// The function status codes (the vendor's page "Function status codes"): what a run can end with, and which failures are retried.

/**
 * Who a failure belongs to; decides retries (the vendor's page "Retry policies").
 * `run`: the function's; `limit`: over a limit; `system`: ours; `request`, `caller`: the call's, never retried.
 */
export type StatusClass = 'ok' | 'run' | 'limit' | 'system' | 'request' | 'caller';

interface StatusRow {
  readonly name: string;
  readonly class: StatusClass;
}

export const STATUS = {
  200: { name: 'Success', class: 'ok' },
  400: { name: 'InvalidParameterValue', class: 'request' },
  401: { name: 'InvalidCredentials', class: 'caller' },
  402: { name: 'ServiceSuspended', class: 'caller' },
  403: { name: 'ResourceUnavailable', class: 'run' },
  404: { name: 'InvalidSubnetID', class: 'request' },
  405: { name: 'ContainerStateExited', class: 'run' },
  406: { name: 'RequestTooLarge', class: 'request' },
  407: { name: 'The size of response exceeds the upper limit (6MB)', class: 'run' },
  410: { name: 'InsufficientBalance', class: 'caller' },
  429: { name: 'ResourceLimit', class: 'limit' },
  430: { name: 'User code exception caught', class: 'run' },
  432: { name: 'ResourceLimitReached', class: 'limit' },
  433: { name: 'TimeLimitReached', class: 'run' },
  434: { name: 'MemoryLimitReached', class: 'run' },
  435: { name: 'FunctionNotFound', class: 'request' },
  436: { name: 'InvalidParameterValue', class: 'request' },
  437: { name: 'HandlerNotFound', class: 'run' },
  438: { name: 'FunctionStatusError', class: 'request' },
  439: { name: 'User process exit when running', class: 'run' },
  440: { name: 'BorrowContainerDegradeError', class: 'system' },
  441: { name: 'UnauthorizedOperation', class: 'caller' },
  442: { name: 'QualifierNotFound', class: 'request' },
  443: { name: 'UserCodeError', class: 'run' },
  444: { name: 'PullImageFailed', class: 'run' },
  445: { name: 'ContainerInitError', class: 'run' },
  446: { name: 'PortBindingFailed', class: 'run' },
  447: { name: 'PullImageTimeOut', class: 'run' },
  449: { name: 'InsufficientResources', class: 'limit' },
  450: { name: 'InitContainerTimeout', class: 'run' },
  455: { name: 'WebSocketIdleTimeout', class: 'run' },
  456: { name: 'WebSocketClientClosed', class: 'run' },
  499: { name: 'RequestCanceled', class: 'caller' },
  500: { name: 'InternalError', class: 'system' },
} as const satisfies Record<number, StatusRow>;

export type Status = keyof typeof STATUS;

/** Class of a status; one that is not in the table is the platform's own fault. */
export function statusClass(status: number): StatusClass {
  return STATUS[status as Status]?.class ?? 'system';
}
