// What can keep a port from being opened.

import { CloudError, errorRow } from '../core/errors.ts';

const { caller } = errorRow;

/** By the error code of the system. */
const REFUSALS = {
  EADDRINUSE: [
    'Server.PortInUse',
    caller(
      '{host} 的端口 {port} 已被占用：请停止占用它的程序，或用 {setting}（{flag}、{env}）指定其他端口。',
      'port {port} of {host} is in use: stop what uses it, or choose another with {setting} ({flag}, {env})',
    ),
  ],
  EACCES: [
    'Server.PortForbidden',
    caller(
      '当前用户无权打开 {host} 的端口 {port}：请用 {setting}（{flag}、{env}）指定其他端口。',
      'port {port} of {host} may not be opened by this user: choose another with {setting} ({flag}, {env})',
    ),
  ],
  EADDRNOTAVAIL: [
    'Server.Address',
    caller(
      '本机没有地址 {host}，无法打开端口 {port}：请修改 host（--host、OPENSCF_HOST）。',
      'port {port} of {host} is on an address that this machine does not have: set host (--host, OPENSCF_HOST)',
    ),
  ],
} as const;

/** One line that names the setting in its three spellings; errors that say something else stay what they are. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  const refusal = REFUSALS[error.code as keyof typeof REFUSALS];
  if (!refusal) return error;
  const [code, row] = refusal;
  const words = setting.split(/(?=[A-Z])/).map(word => word.toLowerCase());
  const names = { setting, flag: `--${words.join('-')}`, env: `OPENSCF_${words.join('_').toUpperCase()}` };
  return new CloudError(code, row, { host, port, ...names }, error);
}
