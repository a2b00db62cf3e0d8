// What is said about this driver at start: what it keeps apart, and what it does not.

import type { Sentence } from '../../languages/language.ts';
import { watched } from '../cgroup/missing.ts';
import type { Weakness } from '../driver.ts';
import type { TmpKind } from './tmp.ts';

export const PROTECTS =
  'each instance has its own processes, file system, users and host name (bubblewrap), code it cannot write to, ' +
  'a /tmp of its own, a clean environment, and a filter of system calls';

export interface Facts {
  readonly cgroups: 'used' | Sentence;
  readonly ownUid: boolean;
  /** Whether a limit per user can hold the number of processes where control groups do not. */
  readonly nproc: boolean;
  readonly tmp: TmpKind;
}

const SHARED: Weakness = {
  brief: { zh: '共用网络', en: 'shared network' },
  whole: {
    zh: '函数与本机共用网络，可连接回环地址上的服务与抽象套接字（可为函数设置独立网络）',
    en: 'functions share the network of this machine, so that services on its loopback and abstract sockets can be reached (a function may be given a network of its own)',
  },
};

const SAME_USER: Weakness = {
  brief: { zh: '所有函数同一系统用户', en: 'one system user for all functions' },
  whole: {
    zh: '所有函数与本服务使用同一系统用户，彼此仅以命名空间隔开（以 root 运行时每个实例使用独立用户）',
    en: 'all functions run as the user of this server, kept apart by namespaces alone (as root each instance has a user of its own)',
  },
};

const ANY_NUMBER: Weakness = {
  brief: { zh: '不限进程数', en: 'any number of processes' },
  whole: {
    zh: '不限制进程数（Linux 5.14 起或以 root 运行时限制）',
    en: 'the number of processes is not limited (it is from Linux 5.14 on, and when the server is root)',
  },
};

const NO_LOOP: Sentence = {
  zh: '（以 root 运行且有 loop 设备与 mkfs.ext4 时位于磁盘）',
  en: ' (on disk when the server is root and there are loop devices and mkfs.ext4)',
};

function ofTmp(tmp: TmpKind, counted: boolean): Weakness | undefined {
  if (tmp === 'loop') return undefined;
  if (tmp === 'folder') {
    return {
      brief: { zh: '/tmp 不限大小', en: '/tmp of any size' },
      whole: {
        zh: '/tmp 的总大小不受限制（bubblewrap 0.7 起可限制）',
        en: 'the size of /tmp as a whole is not limited (it is from bubblewrap 0.7 on)',
      },
    };
  }
  return {
    brief: { zh: '/tmp 位于内存', en: '/tmp in memory' },
    whole: {
      zh: `/tmp 位于内存，其中的文件${counted ? '计入' : '不计入'}函数内存${NO_LOOP.zh}`,
      en: `files in /tmp lie in memory and ${counted ? 'count as' : 'are not counted as'} memory of the function${NO_LOOP.en}`,
    },
  };
}

export function weaknesses({ cgroups, ownUid, nproc, tmp }: Facts): readonly Weakness[] {
  const found = [SHARED];
  if (cgroups !== 'used') found.push(watched(cgroups));
  if (cgroups !== 'used' && !nproc) found.push(ANY_NUMBER);
  if (!ownUid) found.push(SAME_USER);
  const kept = ofTmp(tmp, cgroups === 'used');
  if (kept) found.push(kept);
  return found;
}
