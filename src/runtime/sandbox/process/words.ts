// What is said about this driver at start: what it keeps apart, and what it does not.

import type { Sentence } from '../../languages/language.ts';
import { watched } from '../cgroup/missing.ts';
import type { Weakness } from '../driver.ts';

export interface Facts {
  /** Why instances share the server's user, where they do. */
  readonly user: 'own' | Sentence;
  /** Why the kernel does not limit them, where it does not. */
  readonly cgroups: 'used' | Sentence;
  /** Instances die with a server that is killed. */
  readonly bound: boolean;
  /** Calls of the kernel that functions have no use for are refused. */
  readonly filtered: boolean;
}

export const NOT_ROOT: Sentence = {
  zh: '以 root 运行时每个实例使用独立用户',
  en: 'as root each instance has a user of its own',
};
export const NO_USERS: Sentence = {
  zh: '此容器的用户映射没有余量，或不允许切换用户',
  en: 'this container has no users to spare, or none may be changed to',
};
export const NOT_HERE: Sentence = {
  zh: '独立用户与控制组仅用于 Linux x64 与 arm64',
  en: 'users and control groups of their own are for Linux on x64 and arm64',
};
export function blockedBy(folder: string): Sentence {
  return {
    zh: `其他用户无法进入 ${folder}，请将数据目录设在其他用户可进入的路径下，例如 --data /var/lib/openscf`,
    en: `other users cannot enter ${folder}: put the data folder where they can, as with --data /var/lib/openscf`,
  };
}
export const NO_CGROUPS: Sentence = {
  zh: '此系统没有控制组（cgroup）可用',
  en: 'control groups (cgroups) cannot be used on this system',
};

export function protects({ user, cgroups, filtered }: Facts): string {
  return [
    'each instance is a process group of its own with a clean environment, a folder for temporary files that is private to it, ' +
      'and limits on open files and file sizes',
    ...(user === 'own'
      ? ['it runs as a user of its own, which can read neither the data of this server nor write to its code']
      : []),
    ...(cgroups === 'used'
      ? ['the kernel limits its memory and processes, and ends it whole']
      : ['time and memory limits end the whole group']),
    ...(filtered ? ['a filter refuses system calls that functions have no use for'] : []),
  ].join('; ');
}

const SHARED: Weakness = {
  brief: { zh: '共用网络、进程列表与 /tmp', en: 'shared network, list of processes and /tmp' },
  whole: {
    zh: '函数与本机共用网络（停用公网访问的函数也不例外）、进程列表和 /tmp',
    en: 'functions share the network of this machine (those without public network access too), its list of processes, and /tmp',
  },
};

export function weaknesses({ user, cgroups, bound }: Facts): readonly Weakness[] {
  const found = [SHARED];
  if (user === 'own') {
    found.push({
      brief: { zh: '可读本机公开的文件', en: 'files that everybody can read' },
      whole: {
        zh: '可读取本机上所有用户可读的文件',
        en: 'functions can read files that everybody on this machine can read',
      },
    });
  } else {
    found.push({
      brief: { zh: '以本服务的用户身份运行，可见其文件', en: 'the user and files of this server' },
      whole: {
        zh: `函数代码以本服务的用户身份运行，可见其文件，可写自己的代码目录（${user.zh}）`,
        en: `code runs as the user of this server, sees its files, and can write to its own code folder (${user.en})`,
      },
    });
  }
  if (cgroups === 'used' && user !== 'own') {
    found.push({
      brief: { zh: '可离开控制组', en: 'control groups that can be left' },
      whole: {
        zh: '有意为之的程序可离开自己的控制组',
        en: 'a program that means to can leave its control group',
      },
    });
  }
  if (cgroups !== 'used') {
    found.push(watched(cgroups));
    if (user !== 'own') {
      found.push({
        brief: { zh: '不限进程数', en: 'any number of processes' },
        whole: {
          zh: '不限制进程数；自行开启会话的程序会比实例活得更久',
          en: 'the number of processes is not limited; a program that starts a session of its own outlives its instance',
        },
      });
    }
  }
  if (!bound) {
    found.push({
      brief: { zh: '可能比被强制终止的服务活得更久', en: 'functions that may outlive a killed server' },
      whole: {
        zh: '服务被强制终止时，从不让出的函数会继续运行（在 Linux 上安装 util-linux 以获得 setpriv）',
        en: 'a function that never yields outlives a server that is killed (on Linux, install util-linux for setpriv)',
      },
    });
  }
  return found;
}
