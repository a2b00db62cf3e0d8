// What can go wrong while a runtime is installed; each says what to do.

import { type ErrorRow, errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const INSTALL_ERRORS = {
  'Runtime.Registry': caller(
    '无法访问 npm 仓库 {url}：{reason}。请检查网络与代理（HTTPS_PROXY），或用设置项 registry 改用其他仓库。',
    'The npm registry {url} cannot be reached: {reason}. Check the network and the proxy (HTTPS_PROXY), or name another registry with the setting registry.',
  ),
  'Runtime.Answer': caller(
    'npm 仓库对 {url} 的回答不可用：{reason}。请用设置项 registry 改用其他仓库。',
    'The answer of the npm registry to {url} is of no use: {reason}. Name another registry with the setting registry.',
  ),
  'Runtime.Integrity': caller(
    '下载的 {name} 与仓库公布的校验值不符，已丢弃，请重试。',
    'What was downloaded as {name} does not have the checksum that the registry states; it was dropped. Try again.',
  ),
  'Runtime.Package': caller(
    '下载的 {name} 不完整或不含 bin/node：{reason}，已丢弃，请重试。',
    'What was downloaded as {name} is broken or has no bin/node: {reason}. It was dropped; try again.',
  ),
  'Runtime.NotStarting': caller(
    '下载的 Node.js {version} 无法在本机运行：{reason}。请自行安装该版本。',
    'The Node.js {version} that was downloaded does not run on this machine: {reason}. Install it by other means.',
  ),
  'Runtime.NoPackage': caller(
    'npm 仓库没有适用于本机（{platform}）的 {runtime}，请自行安装该版本的 Node.js。',
    'The npm registry has no {runtime} for this machine ({platform}); install that version of Node.js by other means.',
  ),
  'Runtime.Disk': caller('无法写入 {path}：{reason}', '{path} cannot be written: {reason}'),
  'Runtime.Unknown': caller(
    '没有可安装的运行环境 {runtime}，可选：{known}。',
    'There is no runtime {runtime} to install; use one of {known}.',
  ),
  'Runtime.NoInterpreter': caller(
    '本机没有 {title}，请先安装它，再安装 {runtime} 的依赖库。',
    'There is no {title} on this machine; install it first, then the libraries of {runtime}.',
  ),
  'Runtime.NoInstaller': caller(
    '找不到 {tool}，无法安装依赖库。请安装它并使其位于 PATH 中。',
    'There is no {tool} to install libraries with; install it and put it on the PATH.',
  ),
  'Runtime.NoLibrary': caller(
    '{runtime} 没有可安装的依赖库 {name}，可选：{known}。',
    'There is no library {name} to install for {runtime}; it has {known}.',
  ),
  'Runtime.Libraries': caller(
    '{runtime} 的依赖库都未能安装：{reason}',
    'None of the libraries of {runtime} could be installed: {reason}',
  ),
} as const satisfies Record<string, ErrorRow>;

export const fail = failer(INSTALL_ERRORS);
