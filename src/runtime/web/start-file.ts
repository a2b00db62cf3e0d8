// scf_bootstrap, which starts a web function: what can be wrong with it is said before it is run.

import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Documented: its exact name, at the top of the package. */
export const START_FILE = 'scf_bootstrap';
const READ_BYTES = 64 * 1024;
const OWNER_RUNS = 0o100;
const ELF = Buffer.from('\x7fELF', 'latin1');

/** `fault`: a sentence in both languages, or undefined. */
export interface StartFile {
  readonly fault: string | undefined;
  /** Its text, or the beginning of it. */
  readonly text: string;
}

/** undefined when there is none. */
export async function readStartFile(codeDir: string): Promise<StartFile | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(join(codeDir, START_FILE), 'r');
  } catch {
    return undefined;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return { fault: `${START_FILE} is not a file. ${START_FILE} 不是文件。`, text: '' };
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    return { fault: faultOf(head, stat.mode), text: head.toString('latin1') };
  } finally {
    await file.close();
  }
}

function faultOf(head: Buffer, mode: number): string | undefined {
  if ((mode & OWNER_RUNS) === 0)
    return `${START_FILE} may not be executed: run chmod 755 ${START_FILE} and pack it again with its mode. ${START_FILE} 没有执行权限：请执行 chmod 755 ${START_FILE} 后重新打包，并保留权限。`;
  if (head.subarray(0, ELF.length).equals(ELF)) return undefined;
  if (head.includes('\r\n'))
    return `${START_FILE} has the line ends of Windows (CRLF): save it with LF. ${START_FILE} 使用了 Windows 换行（CRLF）：请改为 LF 后保存。`;
  if (!head.toString('latin1', 0, 2).startsWith('#!'))
    return `${START_FILE} must begin with the line #!/bin/bash, without a byte order mark. ${START_FILE} 的首行必须是 #!/bin/bash，且不能带 BOM。`;
  return undefined;
}
