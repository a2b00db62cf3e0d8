// SCF's own errors, documented codes with our sentences. Where one code has several causes, `{zh}` and `{en}` carry the cause.

import { type CloudError, type ErrorParams, type ErrorRow, errorRow, failer } from '../core/errors.ts';
import { ASYNC_ERRORS } from './async-errors.ts';
import { LAYER_ERRORS } from './layer-errors.ts';

const { caller, platform } = errorRow;

const cause = caller('{zh}', '{en}');

export const SCF_ERRORS = {
  ...LAYER_ERRORS,
  ...ASYNC_ERRORS,
  'FailedOperation.CopyFailed': caller('函数复制失败：{zh}', 'The function was not copied: {en}'),
  'FailedOperation.CreateTrigger': caller(
    '函数 {name} 当前状态为 {status}，不能创建触发器，请等待其变为 Active 后重试。',
    'The function {name} is {status}; triggers can be created once it is Active.',
  ),
  'FailedOperation.DeleteAlias': caller(
    '别名 {alias} 随函数存在，不能删除；可通过 UpdateAlias 修改其指向。',
    'The alias {alias} lives with its function and cannot be deleted; UpdateAlias can point it elsewhere.',
  ),
  'FailedOperation.DeleteFunction': caller(
    '函数 {name} 当前状态为 {status}，请等待操作完成后再删除。',
    'The function {name} is {status}; wait until that has finished, then delete it.',
  ),
  'FailedOperation.DeleteNamespace': caller(
    '命名空间 {namespace} 不能删除：{zh}',
    'The namespace {namespace} cannot be deleted: {en}',
  ),
  'FailedOperation.DeleteTrigger': platform(
    '触发器 {triggerName} 删除失败，请查看服务日志后重试。',
    'The trigger {triggerName} was not deleted; see the server log and try again.',
  ),
  'FailedOperation.FunctionStatusError': caller(
    '函数 {name} 当前状态为 {status}，不支持该操作，请等待其变为 Active 后重试；创建失败的函数只能删除。',
    'The function {name} is {status}; try again once it is Active. A function whose creation failed can only be deleted.',
  ),
  'FailedOperation.FunctionVersionStatusNotActive': caller(
    '函数 {name} 的版本 {version} 当前状态为 {status}，请等待其变为 Active 后重试。',
    'Version {version} of the function {name} is {status}; try again once it is Active.',
  ),
  'FailedOperation.ProvisionedInProgress': caller(
    '函数 {name} 版本 {version} 的预置任务正在进行（已就绪 {available} 个，共 {wanted} 个），请等待其完成后重试，或先删除该预置。',
    'Instances for version {version} of the function {name} are still being started ({available} of {wanted} are ready); try again when that is done, or delete the configuration first.',
  ),
  'FailedOperation.PublishVersion': caller(
    '函数 {name} 当前状态为 {status}，不能发布版本，请等待其变为 Active 后重试。',
    'The function {name} is {status}; a version can be published once it is Active.',
  ),
  'FailedOperation.UpdateFunctionCode': caller(
    '函数 {name} 当前状态为 {status}，不能更新代码，请等待其变为 Active 后重试；创建失败的函数只能删除。',
    'The function {name} is {status}; its code can be updated once it is Active. A function whose creation failed can only be deleted.',
  ),
  InvalidParameterValue: caller('{name} 取值错误：{zh}', '{name} is wrong: {en}'),
  'InvalidParameterValue.AdditionalVersionWeights': caller(
    'AdditionalVersionWeights 取值错误：{zh}',
    'AdditionalVersionWeights is wrong: {en}',
  ),
  'InvalidParameterValue.AsyncTriggerConfig': caller(
    'AsyncTriggerConfig 取值错误：{zh}',
    'AsyncTriggerConfig is wrong: {en}',
  ),
  'InvalidParameterValue.Code': caller('Code 取值错误：{zh}', 'Code is wrong: {en}'),
  'InvalidParameterValue.CodeSource': caller(
    'CodeSource 取值 {value} 错误，请使用 ZipFile 或 Cos。',
    'CodeSource is {value}; use ZipFile or Cos.',
  ),
  'InvalidParameterValue.DateTime': caller('时间取值错误：{zh}', 'The time is wrong: {en}'),
  'InvalidParameterValue.DefaultNamespace': caller(
    '命名空间 default 已默认存在，请使用其他名称。',
    'The namespace default is always there; choose another name.',
  ),
  'InvalidParameterValue.Description': caller(
    '描述有 {length} 个字符，不得超过 {limit} 个字符。',
    'The description has {length} characters; at most {limit} are allowed.',
  ),
  'InvalidParameterValue.EipConfig': caller(
    'EipConfig 取值错误，EipStatus 只能是 ENABLE 或 DISABLE。',
    'EipConfig is wrong: EipStatus is ENABLE or DISABLE.',
  ),
  'InvalidParameterValue.Enable': caller(
    'Enable 取值 {value} 错误，请使用 OPEN 或 CLOSE。',
    'Enable is {value}; use OPEN or CLOSE.',
  ),
  'InvalidParameterValue.Environment': caller(
    '环境变量名 {name} 不正确：必须以字母开头，只能包含字母、数字和下划线。',
    'The environment variable name {name} is wrong: a letter first, then letters, digits and underscores.',
  ),
  'InvalidParameterValue.EnvironmentExceededLimit': caller(
    '环境变量共 {bytes} 字节，不得超过 {limit} 字节。',
    'The environment variables have {bytes} bytes in all; at most {limit} are allowed.',
  ),
  'InvalidParameterValue.EnvironmentSystemProtect': caller(
    '环境变量名 {name} 使用了系统保留前缀（SCF_、QCLOUD_、TENCENTCLOUD_、TECENTCLOUD_），请更换名称。',
    'The environment variable name {name} begins with a reserved prefix (SCF_, QCLOUD_, TENCENTCLOUD_, TECENTCLOUD_); choose another.',
  ),
  'InvalidParameterValue.Filters': caller('Filters 取值错误：{zh}', 'Filters is wrong: {en}'),
  'InvalidParameterValue.FunctionName': caller(
    '函数名 {name} 不符合规则：2 至 60 个字符，以字母开头，以字母或数字结尾，只能包含字母、数字、- 和 _；命名空间与函数名合计不超过 118 个字符。',
    'The function name {name} is not allowed: 2 to 60 letters, digits, - and _, a letter first, a letter or digit last; namespace and name have at most 118 characters together.',
  ),
  'InvalidParameterValue.Handler': caller('执行方法 {handler} 不正确：{zh}', 'The handler {handler} is wrong: {en}'),
  'InvalidParameterValue.Limit': caller(
    'Limit 取值 {value} 错误，请使用{zh}的整数。',
    'Limit is {value}; use an integer {en}.',
  ),
  'InvalidParameterValue.MemorySize': caller(
    '内存大小 {value} 不正确，请使用 {min} MB，或 {step} MB 的整数倍且不超过 {max} MB。',
    'MemorySize is {value}; use {min} or a multiple of {step} up to {max} (MB).',
  ),
  'InvalidParameterValue.Name': caller(
    '别名 {alias} 不符合规则：1 至 64 个字符，以字母开头，只能包含字母、数字、- 和 _。',
    'The alias {alias} is not allowed: 1 to 64 letters, digits, - and _, a letter first.',
  ),
  'InvalidParameterValue.NamespaceInvalid': caller(
    '命名空间 {namespace} 不符合规则：1 至 60 个字符，以字母开头，以字母或数字结尾，只能包含字母、数字、- 和 _。',
    'The namespace {namespace} is not allowed: 1 to 60 letters, digits, - and _, a letter first, a letter or digit last.',
  ),
  'InvalidParameterValue.Offset': caller(
    'Offset 取值 {value} 错误，请使用不小于 0 的整数。',
    'Offset is {value}; use an integer of at least 0.',
  ),
  'InvalidParameterValue.Order': caller(
    'Order 取值 {value} 错误，请使用 ASC 或 DESC。',
    'Order is {value}; use ASC or DESC.',
  ),
  'InvalidParameterValue.OrderBy': caller(
    'OrderBy 取值 {value} 错误，请使用 {allowed} 之一。',
    'OrderBy is {value}; use one of {allowed}.',
  ),
  'InvalidParameterValue.Orderby': caller(
    'Orderby 取值 {value} 错误，请使用 {allowed} 之一。',
    'Orderby is {value}; use one of {allowed}.',
  ),
  'InvalidParameterValue.PublicNetConfig': caller(
    'PublicNetConfig 取值错误，PublicNetStatus 只能是 ENABLE 或 DISABLE。',
    'PublicNetConfig is wrong: PublicNetStatus is ENABLE or DISABLE.',
  ),
  'InvalidParameterValue.Qualifier': caller(
    '函数版本 {qualifier} 不支持该操作，请指定已发布的版本号。',
    'This cannot be done to {qualifier}; name a published version.',
  ),
  'InvalidParameterValue.RoutingConfig': caller('RoutingConfig 取值错误：{zh}', 'RoutingConfig is wrong: {en}'),
  'InvalidParameterValue.Runtime': cause,
  'InvalidParameterValue.SearchKey': caller(
    'SearchKey 的 Key 取值 {value} 错误，请使用 Namespace 或 Description。',
    'The Key of SearchKey is {value}; use Namespace or Description.',
  ),
  'InvalidParameterValue.StartTimeOrEndTime': caller(
    'StartTime 与 EndTime 必须同时指定，且 EndTime 晚于 StartTime。',
    'Give StartTime and EndTime together, EndTime being the later one.',
  ),
  'InvalidParameterValue.Status': caller(
    '过滤条件 {name} 取值 {value} 错误，请使用 {allowed} 之一。',
    'The filter {name} is {value}; use one of {allowed}.',
  ),
  'InvalidParameterValue.TriggerDesc': caller('触发器描述 TriggerDesc 不正确：{zh}', 'TriggerDesc is wrong: {en}'),
  'InvalidParameterValue.Type': cause,
  'InvalidParameterValue.ZipFile': caller('代码包不正确：{zh}', 'The code package is wrong: {en}'),
  'InvalidParameterValue.ZipFileBase64BinasciiError': caller(
    'ZipFile 不是有效的 Base64 文本，请对 zip 文件内容进行 Base64 编码。',
    'ZipFile is not Base64; encode the bytes of the zip file in Base64.',
  ),
  'LimitExceeded.Function': caller(
    '命名空间 {namespace} 中的函数已达上限 {limit} 个，请删除不用的函数或调大设置 quota.functions。',
    'The namespace {namespace} holds {limit} functions, the most allowed; delete some or raise the setting quota.functions.',
  ),
  'LimitExceeded.FunctionProvisionedConcurrencyMemory': caller(
    '函数 {name} 版本 {version} 的预置并发 {value} 个（每个 {memory} MB）超过上限 {limit} MB，最多 {max} 个；可通过 PutTotalConcurrencyConfig 调大地域配额。',
    'Version {version} of the function {name} is to have {value} instances of {memory} MB ready; {limit} MB are allowed, that is {max}. PutTotalConcurrencyConfig can raise the quota of the region.',
  ),
  'LimitExceeded.FunctionReservedConcurrencyMemory': caller(
    '函数 {name} 的最大独占配额 {value} MB 超出可分配的 {left} MB（地域配额 {quota} MB，其中 12800 MB 由未设置独占配额的函数共用）；请减小该值，或删除其他函数的独占配额。',
    'The function {name} is to have {value} MB for itself, and {left} MB can be given away (of the {quota} MB of the region 12800 MB stay for functions without a share of their own); ask for less, or delete the share of another function.',
  ),
  'LimitExceeded.FunctionTotalProvisionedConcurrencyNum': caller(
    '函数 {name} 各版本的预置并发总数达到上限：版本 {version} 请求 {value} 个，还可设置 {left} 个；请减少该版本或其他版本的预置并发。',
    'The versions of the function {name} have the most ready instances allowed: {value} are asked for version {version}, {left} can be given. Ask for fewer, or lower those of another version.',
  ),
  'LimitExceeded.InitTimeout': caller(
    '初始化超时时间 {value} 秒超出范围，请使用 {min} 至 {max} 秒。',
    'InitTimeout is {value} s; use {min} to {max} s.',
  ),
  'LimitExceeded.Memory': caller(
    '内存大小 {value} MB 超过上限 {max} MB。',
    'MemorySize is {value} MB; at most {max} MB are allowed.',
  ),
  'LimitExceeded.MsgTTL': caller(
    '消息保留时间 {value} 秒超出范围，请使用 {min} 至 {max} 秒。',
    'MsgTTL is {value} s; use {min} to {max} s.',
  ),
  'LimitExceeded.Namespace': caller(
    '地域 {region} 中的命名空间已达上限 {limit} 个，请删除不用的命名空间或调大设置 quota.namespaces。',
    'The region {region} holds {limit} namespaces, the most allowed; delete some or raise the setting quota.namespaces.',
  ),
  'LimitExceeded.Offset': caller(
    'Offset 与 Limit 之和不得超过 {limit}。',
    'Offset and Limit add up to at most {limit}.',
  ),
  'LimitExceeded.RetryNum': caller(
    '重试次数 {value} 超出范围，请使用 0 至 {max}。',
    'RetryNum is {value}; use 0 to {max}.',
  ),
  'LimitExceeded.Timeout': caller(
    '超时时间 {value} 秒超出范围，请使用 {min} 至 {max} 秒。',
    'Timeout is {value} s; use {min} to {max} s.',
  ),
  'LimitExceeded.TotalConcurrencyMemory': caller(
    '地域 {region} 的并发配额 {value} MB 过小，不得低于 {min} MB（已分配的独占配额加 12800 MB）；请先删除函数的独占配额。',
    'The quota of {region} cannot be {value} MB: the shares of functions and 12800 MB for the others make {min} MB. Delete the shares of functions first.',
  ),
  'LimitExceeded.Trigger': caller(
    '函数 {name} 的触发器已达上限：{zh}。请删除不用的触发器。',
    'The function {name} has the most triggers allowed: {en}. Delete some.',
  ),
  'LimitExceeded.UserTotalConcurrencyMemory': caller(
    '地域 {region} 的并发配额 {value} MB 超过账号上限 {max} MB；请减小该值或调大设置 quota.concurrency。',
    'The quota of {region} cannot be {value} MB: the account may have {max} MB. Ask for less or raise the setting quota.concurrency.',
  ),
  LimitExceeded: caller(
    '函数 {name} 的版本已达上限 {limit} 个，请删除不用的版本或调大设置 quota.versions。',
    'The function {name} has {limit} versions, the most allowed; delete some or raise the setting quota.versions.',
  ),
  'MissingParameter.Code': caller(
    '缺少代码，请在 Code.ZipFile 中提供 Base64 编码的 zip 文件，或提供 Code.CosBucketName 与 Code.CosObjectName。',
    'The code is missing; give a Base64-encoded zip file in Code.ZipFile, or Code.CosBucketName and Code.CosObjectName.',
  ),
  'ResourceInUse.Alias': caller(
    '别名 {alias} 已存在，请更换名称或使用 UpdateAlias。',
    'The alias {alias} exists; choose another name or use UpdateAlias.',
  ),
  'ResourceInUse.Function': caller(
    '函数 {name} 已存在，请更换名称或更新已有函数。',
    'The function {name} exists in the namespace {namespace}; choose another name or update it.',
  ),
  'ResourceInUse.Namespace': caller(
    '命名空间 {namespace} 已存在，请更换名称。',
    'The namespace {namespace} exists; choose another name.',
  ),
  'ResourceInUse.Trigger': caller(
    '触发器 {triggerName}（{type}）已存在，请更换名称或先删除已有触发器。',
    'The function has a {type} trigger {triggerName} already; choose another name or delete that one first.',
  ),
  'ResourceNotFound.Alias': caller(
    '未找到指定的Alias，请检查后重试。函数 {name} 没有别名 {alias}。',
    'The function {name} has no alias {alias}; check its name (ListAliases shows them).',
  ),
  'ResourceNotFound.Function': caller(
    '未找到指定的Function，请检查后重试。{region} 地域的命名空间 {namespace} 中没有函数 {name}。',
    'There is no function {name} in the namespace {namespace} of {region}; check name, namespace and region.',
  ),
  'ResourceNotFound.Namespace': caller(
    '未找到指定的Namespace，请检查后重试。{region} 地域没有命名空间 {namespace}。',
    'There is no namespace {namespace} in {region}; make it with CreateNamespace or check its name.',
  ),
  'ResourceNotFound.Qualifier': caller(
    '未找到指定的Qualifier，请检查后重试。函数 {name} 没有版本或别名 {qualifier}。',
    'The function {name} has no version or alias {qualifier}; check the qualifier.',
  ),
  'ResourceNotFound.Role': caller(
    '未找到指定的Role，请检查后重试。角色 {role} 不存在，可通过 cam:CreateRole 创建（注意大小写）。',
    'There is no role {role}; check its name, upper and lower case too, or make it with cam:CreateRole.',
  ),
  'ResourceNotFound.Trigger': caller(
    '未找到指定的Trigger，请检查后重试。函数 {name} 在 {qualifier} 上没有 {type} 触发器 {triggerName}。',
    'The function {name} has no {type} trigger {triggerName} on {qualifier}; check name, type and qualifier (ListTriggers shows them).',
  ),
  'ResourceNotFound.Version': caller(
    '未找到指定的Version，请检查后重试。函数 {name} 没有版本 {version}。',
    'The function {name} has no version {version}; check the number (ListVersionByFunction shows them).',
  ),
  'UnauthorizedOperation.Role': caller(
    '角色 {role} 的信任策略不允许 {service} 扮演，请在 principal 的 service 中加入 {service}。',
    'The trust policy of the role {role} does not name {service}; add it to the services of its principal.',
  ),
  UnsupportedOperation: caller('操作不支持：{zh}', 'This is not supported: {en}'),
  'UnsupportedOperation.AliasBind': caller(
    '版本 {version} 正被别名 {alias} 使用，请先修改或删除该别名。',
    'The alias {alias} uses version {version}; change or delete the alias first.',
  ),
  'UnsupportedOperation.Trigger': caller(
    '{type} 触发器不支持 {functionType} 类型的函数。',
    'A {type} trigger cannot serve a function of type {functionType}.',
  ),
  'InternalError.System': platform(
    '代码包 {sha256} 已丢失，请重新上传代码。',
    'The code package {sha256} is gone from the store; upload the code again.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type ScfCode = keyof typeof SCF_ERRORS;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: ScfCode, params?: ErrorParams, why?: unknown): never {
  return failer(SCF_ERRORS)(code, params, why);
}

/** One text for places that know no language, such as a stored StatusReason. */
export function bothLanguages(error: CloudError): string {
  return `${error.text('zh')} ${error.text('en')}`;
}
