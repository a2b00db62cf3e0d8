// Why control groups cannot be used, and what to do about it.

import type { Language } from '../../../core/errors.ts';
import type { Weakness } from '../driver.ts';
import { codeOf } from './tree.ts';

export type Sentence = Readonly<Record<Language, string>>;

export interface Missing {
  readonly missing: Sentence;
}

const missing = (zh: string, en: string): Missing => ({ missing: { zh, en } });

export const NOT_MOUNTED = missing(
  '系统未挂载 memory 与 pids 控制组（cgroup）',
  'the control groups (cgroups) for memory and pids are not mounted here',
);

export function notOffered(dir: string, controllers: readonly string[]): Missing {
  const names = controllers.join(', ');
  return missing(
    `${dir} 未提供控制器 ${names}，请以 systemd 单元的 Delegate=yes 运行（systemd-run --user --scope -p Delegate=yes），或在内核参数中启用`,
    `${dir} does not offer the controllers ${names}: run the server in a systemd unit with Delegate=yes (systemd-run --user --scope -p Delegate=yes), or switch them on in the kernel's parameters`,
  );
}

export function notAllowed(dir: string, error: unknown): Missing {
  const code = codeOf(error);
  return missing(
    `无法在 ${dir} 下创建控制组（${code}），请以 root 或以 systemd 单元的 Delegate=yes 运行（systemd-run --user --scope -p Delegate=yes）`,
    `no control group can be made in ${dir} (${code}): run the server as root, or in a systemd unit with Delegate=yes (systemd-run --user --scope -p Delegate=yes)`,
  );
}

export function notAlone(dir: string): Missing {
  return missing(
    `${dir} 中还有其他进程，无法向下分配控制器，请在独立的 systemd 单元中运行（systemd-run --user --scope -p Delegate=yes）`,
    `${dir} holds other processes too and cannot hand its controllers down: run the server in a unit of its own (systemd-run --user --scope -p Delegate=yes)`,
  );
}

/** What it means for functions that there are none. */
export function watched({ zh, en }: Sentence): Weakness {
  return {
    brief: { zh: '内存只检查、不由内核限制', en: 'memory watched, not limited by the kernel' },
    whole: {
      zh: `内存每 20–50 毫秒检查一次，而不由内核限制，CPU 不按内存分配：${zh}`,
      en: `memory is watched every 20-50 ms instead of limited by the kernel, and CPU is not shared by memory size: ${en}`,
    },
  };
}
