// Why bubblewrap cannot be used here, with the next step.

import { readFileSync } from 'node:fs';
import type { Sentence } from '../../languages/language.ts';

export const NOT_LINUX: Sentence = {
  zh: 'bwrap 沙箱依赖 Linux 命名空间，本系统不是 Linux',
  en: 'the bwrap sandbox needs the namespaces of Linux, and this is another system',
};

export const NO_PROGRAM: Sentence = {
  zh: `没有适用于 ${process.arch} 处理器的 openscf-sandbox 程序（仅提供 x64 与 arm64）`,
  en: `there is no openscf-sandbox program for ${process.arch} processors (x64 and arm64 only)`,
};

export const NOT_INSTALLED: Sentence = {
  zh: '未安装 bubblewrap：请执行 apt-get install bubblewrap（Debian、Ubuntu）、dnf install bubblewrap（Fedora、RHEL、TencentOS）或 apk add bubblewrap（Alpine）',
  en: 'bubblewrap is not installed: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora, RHEL, TencentOS) or apk add bubblewrap (Alpine)',
};

export function tooOld(version: string): Sentence {
  return {
    zh: `bubblewrap ${version} 过旧，请升级到 0.4 或更高版本`,
    en: `bubblewrap ${version} is too old: install 0.4 or newer`,
  };
}

interface Switch {
  readonly file: string;
  readonly forbids: (value: number) => boolean;
  readonly setting: string;
}

const SWITCHES: readonly Switch[] = [
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: value => value === 0,
    setting: 'kernel.unprivileged_userns_clone=1',
  },
  {
    file: '/proc/sys/user/max_user_namespaces',
    forbids: value => value === 0,
    setting: 'user.max_user_namespaces=15000',
  },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: value => value === 1,
    setting: 'kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

export type ReadNumber = (file: string) => number | undefined;

function readNumber(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'latin1').trim());
  } catch {
    return undefined;
  }
}

/** User namespaces cannot be made: by which switch, if one says so. */
export function forbiddenNamespaces(read: ReadNumber = readNumber): Sentence {
  const found = SWITCHES.find(({ file, forbids }) => {
    const value = read(file);
    return value !== undefined && forbids(value);
  });
  if (found) {
    return {
      zh: `本机禁止普通用户创建用户命名空间：请以 root 执行 sysctl -w ${found.setting}（写入 /etc/sysctl.d 可长期生效），或以 root 运行本服务`,
      en: `this machine forbids user namespaces: as root, sysctl -w ${found.setting} (and put it into /etc/sysctl.d to keep it), or run the server as root`,
    };
  }
  return {
    zh: '无法创建命名空间，容器通常会禁止：请以 docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN 启动容器',
    en: 'namespaces cannot be made, as containers mostly forbid: start the container with docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN',
  };
}

/** What a failed trial said. */
export function obstacleOf(text: string, read: ReadNumber = readNumber): Sentence {
  if (/mount(?:ing)? proc/i.test(text)) {
    return {
      zh: `无法在沙箱中挂载 /proc（${text}）：容器遮盖了部分 /proc，请以 docker run --security-opt systempaths=unconfined 启动容器`,
      en: `/proc cannot be mounted in a sandbox (${text}): the container covers parts of it; start it with docker run --security-opt systempaths=unconfined`,
    };
  }
  if (/namespace|uid_map|gid_map|setgroups|unshare/i.test(text)) {
    const { zh, en } = forbiddenNamespaces(read);
    return { zh: `${zh}（${text}）`, en: `${en} (${text})` };
  }
  return {
    zh: `试启动沙箱失败：${text}`,
    en: `a trial start of a sandbox failed: ${text}`,
  };
}
