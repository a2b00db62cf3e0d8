// What can be wrong with a project that is to be deployed.

import { errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const IMPORT_ERRORS = {
  'Project.Missing': caller(
    '{path} 不存在，请给出函数所在的文件夹或 zip 文件。',
    '{path} does not exist; name the folder or zip file of a function.',
  ),
  'Project.Yaml': caller('{where}：YAML 格式错误：{reason}', '{where}: this is not well-formed YAML: {reason}'),
  'Project.Key': caller(
    '{where}：不支持 {key}，请删除。支持的键：{known}。',
    '{where}: {key} is not supported; remove it. Supported keys: {known}.',
  ),
  'Project.KeyNear': caller(
    '{where}：不支持 {key}，是否想写 {near}？',
    '{where}: {key} is not supported. Did you mean {near}?',
  ),
  'Project.NotBuilt': caller(
    '{where}：{key} 尚未实现，请删除该项后再部署。',
    '{where}: {key} is not built yet; remove it to deploy.',
  ),
  'Project.Value': caller('{where}：{key} 应为 {expected}。', '{where}: {key} must be {expected}.'),
  'Project.Needed': caller('{where}：缺少 {key}。', '{where}: {key} is missing.'),
  'Project.Component': caller(
    '{where}：component 为 {component}，目前只支持 scf。',
    '{where}: the component is {component}; only scf can be deployed.',
  ),
  'Project.Variable': caller(
    '{where}：无法取得 {variable}。可用的变量：name、app、stage、org 与 env:名称（须已在环境中设置）。',
    '{where}: {variable} has no value. Known variables are name, app, stage, org and env:NAME, which has to be set in the environment.',
  ),
  'Project.Output': caller(
    '{where}：{variable} 应写作 {form}，只能用于 environment.variables，stage 与 app 须与本文件一致，输出为 {known} 之一。',
    '{where}: {variable} must be {form}, in environment.variables alone, with stage and app of this file, and one of the outputs {known}.',
  ),
  'Project.Kind': caller(
    '{where}：不支持触发器类型 {kind}，目前支持：{known}。',
    '{where}: triggers of kind {kind} are not built yet. There are: {known}.',
  ),
  'Project.OneKind': caller(
    '{where}：每个触发器须恰好有一个类型（{known}）。',
    '{where}: each trigger has exactly one kind ({known}).',
  ),
  'Project.Entry': caller(
    '{path} 中既没有 index.js 也没有 index.py，请用 --runtime 与 --handler 指明。',
    '{path} has neither index.js nor index.py; name the runtime and the handler with --runtime and --handler.',
  ),
  'Project.Source': caller(
    '{where}：src 中给出了 {given}，应为以下之一：src 与 exclude（部署文件夹）；再加 bucket（先将其上传到存储桶）；仅 bucket 与 object（部署存储桶中已有的 zip）。',
    '{where}: src has {given}. It takes src and exclude for a folder, bucket besides for a folder that is uploaded to a bucket first, or bucket and object alone for a zip that is there.',
  ),
  'Project.StoredRuntime': caller(
    '{path} 的代码在存储桶中，无法由文件得出运行环境，请在 serverless.yml 中给出 runtime，或使用 --runtime。',
    'The code of {path} lies in a bucket, where no file tells the runtime; name it as runtime in serverless.yml or with --runtime.',
  ),
  'Project.Empty': caller('{path} 中没有可部署的文件。', '{path} has no file to deploy.'),
  'Project.TooLarge': caller(
    '代码包为 {size} 字节，超过上限 {limit} 字节，请用 src.exclude 排除不需要的文件。',
    'The code package has {size} bytes, at most {limit} are allowed; leave files out with src.exclude.',
  ),
  'Project.NeedsBucket': caller(
    '代码包为 {size} 字节，随请求上传不得超过 {limit} 字节，请用 src.exclude 排除不需要的文件，或在 src.bucket 中给出存储桶，经由它部署（不超过 {most} 字节）。',
    'The code package has {size} bytes, and at most {limit} go with a request; leave files out with src.exclude, or name a bucket as src.bucket to bring it by way of that (at most {most}).',
  ),
  'Project.NotZip': caller('{path} 不是有效的 zip 文件：{reason}', '{path} is not a zip file: {reason}'),
  'Project.NoTemplate': caller(
    '没有名为 {name} 的模板。可用的模板：{known}。',
    'There is no template {name}. There are: {known}.',
  ),
  'Project.FolderInUse': caller(
    '{path} 已存在且不为空，请换一个文件夹。',
    '{path} exists and is not empty; choose another folder.',
  ),
  'Deploy.Failed': caller(
    '函数 {name} 部署失败（{status}）：{reason}',
    'The function {name} could not be deployed ({status}): {reason}',
  ),
  'Deploy.Slow': caller(
    '函数 {name} 在 {seconds} 秒后仍处于 {status}，请查看服务日志。',
    'The function {name} is still {status} after {seconds} s; see the log of the server.',
  ),
  'Deploy.Stored': caller(
    '无法从 cos://{bucket}/{object} 部署函数 {name}：{code}：{zh} 请检查 serverless.yml 中的 src：openscf cos ls cos://{bucket} 列出对象，openscf cos cp code.zip cos://{bucket}/{object} 上传。',
    'The function {name} could not be deployed from cos://{bucket}/{object}: {code}: {en} Check src in serverless.yml: openscf cos ls cos://{bucket} lists what is there, openscf cos cp code.zip cos://{bucket}/{object} uploads it.',
  ),
  'Deploy.NoUpload': caller(
    '函数 {name} 的 src 指定了存储桶 {bucket}，只有 openscf deploy 能上传到其中，请用它部署。',
    'src of the function {name} names the bucket {bucket}, and only openscf deploy uploads to one; use that.',
  ),
  'Deploy.LayerFailed': caller(
    '层 {name} 的版本 {version} 发布失败（{status}）：{reason}',
    'Version {version} of the layer {name} could not be published ({status}): {reason}',
  ),
  'Deploy.LayerSlow': caller(
    '层 {name} 的版本 {version} 在 {seconds} 秒后仍处于 {status}，请查看服务日志。',
    'Version {version} of the layer {name} is still {status} after {seconds} s; see the log of the server.',
  ),
  'Deploy.Output': caller(
    '函数 {name} 没有输出 {output}：它不存在，或没有相应的触发器。请先部署它。',
    'The function {name} has no output {output}: it is not there, or has no trigger of that kind. Deploy it first.',
  ),
  'Deploy.AsyncRun': caller(
    '函数 {name} 的 asyncRunEnable 为 {old}，创建后不能改为 {new}。请先执行 openscf rm {name}，或换一个函数名。',
    'asyncRunEnable of the function {name} is {old} and cannot change to {new}. Remove the function first (openscf rm {name}) or choose another name.',
  ),
  'Deploy.Runtime': caller(
    '函数 {name} 的运行环境为 {old}，创建后不能改为 {new}。请先执行 openscf rm {name}，或换一个函数名。',
    'The function {name} runs on {old}, and a runtime cannot change to {new}. Remove it first (openscf rm {name}) or choose another name.',
  ),
} as const;

export const fail = failer(IMPORT_ERRORS);
