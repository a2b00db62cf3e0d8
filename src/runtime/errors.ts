// What the runtime refuses, with what to do about it.

import { CloudError, type ErrorParams, type ErrorRow, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const RUNTIME_ERRORS = {
  'InvalidParameterValue.Runtime': caller(
    '运行环境 {runtime} 不可用，请选择已支持的 Nodejs 或 Python 版本。',
    'The runtime {runtime} cannot be used; choose a Nodejs or Python version.',
  ),
  SandboxMissing: caller(
    'sandbox=bwrap 无法使用：{zh}；也可设置 sandbox=auto 或 process。',
    'sandbox=bwrap cannot be used: {en}; or set sandbox=auto or process.',
  ),
} as const satisfies Record<string, ErrorRow>;

export const fail = failer(RUNTIME_ERRORS);

/** What can be wrong with a code package; each is reported as `InvalidParameterValue.ZipFile`. */
export const PACKAGE_FAULTS = {
  notZip: caller(
    '代码包不是有效的 zip 文件（{detail}），请重新打包。',
    'The code package is not a valid zip file ({detail}); pack it again.',
  ),
  tooLarge: caller(
    '代码包解压后超过 {limit} MB，请减小代码包。',
    'The code package is larger than {limit} MB when unpacked; make it smaller.',
  ),
  bomb: caller(
    '代码包压缩比异常（超过 {ratio} 倍），请检查其内容。',
    'The code package grows more than {ratio} times when unpacked; check what is in it.',
  ),
  tooMany: caller(
    '代码包内文件超过 {limit} 个，请减少文件数量。',
    'The code package holds more than {limit} files; pack fewer.',
  ),
  name: caller(
    '代码包内的文件名 {name} 不合法：只能是不含 .. 的相对路径。',
    'The name {name} in the code package is not allowed: use relative paths without "..".',
  ),
  twice: caller(
    '代码包内 {name} 出现多次，请去除重复项。',
    '{name} is in the code package more than once; remove the others.',
  ),
  link: caller(
    '代码包内的符号链接 {name} 指向包外，请改为包内的相对路径。',
    'The symbolic link {name} in the code package leads out of it; point it at a relative path inside.',
  ),
  kind: caller(
    '代码包内的 {name} 不是普通文件、目录或符号链接。',
    '{name} in the code package is not a file, a folder or a symbolic link.',
  ),
  encrypted: caller(
    '代码包内的 {name} 已加密，请去除 zip 密码。',
    '{name} in the code package is encrypted; pack it without a password.',
  ),
  method: caller(
    '代码包内的 {name} 使用了不支持的压缩方式，请使用 deflate 或 store。',
    '{name} in the code package is compressed in a way that is not read here; use deflate or store.',
  ),
  noStartFile: caller(
    'Web 函数的代码包根目录下没有启动文件 {name}，请添加该文件（首行为 #!/bin/bash，权限 755，并监听 0.0.0.0:9000）。',
    'The code package of a web function needs the file {name} at its top; add it (first line #!/bin/bash, mode 755, a server on 0.0.0.0:9000).',
  ),
  missing: caller(
    '代码包 {sha256} 不存在，请重新上传代码。',
    'The code package {sha256} is not in the store; upload the code again.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type PackageFault = keyof typeof PACKAGE_FAULTS;

export function failPackage(fault: PackageFault, params?: ErrorParams, cause?: unknown): never {
  throw new CloudError('InvalidParameterValue.ZipFile', PACKAGE_FAULTS[fault], params, cause);
}

/** What can be wrong with a function's layers; each is reported as `InvalidParameterValue.Layers`. */
export const LAYERS_FAULTS = {
  tooLarge: caller(
    '代码与层解压后共 {size} MB，超过 {limit} MB，请减小代码包或减少层。',
    'Code and layers have {size} MB when unpacked; at most {limit} MB are allowed; make the package smaller or bind fewer layers.',
  ),
} as const satisfies Record<string, ErrorRow>;

export function failLayers(fault: keyof typeof LAYERS_FAULTS, params?: ErrorParams): never {
  throw new CloudError('InvalidParameterValue.Layers', LAYERS_FAULTS[fault], params);
}

/** One text for places that know no language. */
export function bothLanguages(error: CloudError): string {
  return `${error.text('en')} ${error.text('zh')}`;
}
