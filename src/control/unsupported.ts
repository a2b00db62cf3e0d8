// Settings of the API that are not built: what would be accepted and not done is refused instead.
// The one table of them: building a thing deletes its row.

import type { Wire } from './control.ts';
import { fail } from './errors.ts';
import type { Sentence } from './needs.ts';
import { type FunctionType, instanceConcurrency } from './web.ts';

interface Unsupported extends Sentence {
  /** Wire name; a dot goes into an object. */
  readonly field: string;
  /** Functions of the other type have it. */
  readonly only?: FunctionType;
  /** Whether this value asks for what is not there; values that switch off or say nothing pass. */
  readonly asks: (value: unknown) => boolean;
}

const on = (value: unknown): boolean => value === true || /^(true|enable)$/i.test(String(value));
const given = (value: unknown): boolean => value !== '' && value !== false && value !== 0 && !isEmpty(value);

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.values(value).every(member => !given(member));
}

const TEMP_COS: Sentence = {
  zh: '没有控制台的临时存储，请上传到存储桶并使用 CosBucketName 与 CosObjectName，或使用 ZipFile。',
  en: 'there is no temporary store of the console; upload to a bucket and use CosBucketName and CosObjectName, or ZipFile.',
};
const GIT_CODE: Sentence = {
  zh: '不支持从 Git 获取代码，请在 ZipFile 中上传代码包。',
  en: 'code is not fetched from Git; upload the package in ZipFile.',
};
const IMAGE: Sentence = {
  zh: '暂不支持镜像函数，请使用代码包部署。',
  en: 'image functions are not built yet; deploy a code package.',
};
const CLS: Sentence = {
  zh: '暂不支持向 CLS 投递日志，请将该字段留空。',
  en: 'logs are not delivered to CLS yet; leave the field empty.',
};

export const UNSUPPORTED: readonly Unsupported[] = [
  {
    field: 'InstallDependency',
    asks: on,
    zh: '暂不支持在线安装依赖，请将 node_modules 放入代码包。',
    en: 'dependencies are not installed online; put node_modules into the code package.',
  },
  {
    field: 'CfsConfig',
    asks: given,
    zh: '暂不支持挂载文件系统，请去掉 CfsConfig。',
    en: 'file systems are not mounted yet; leave out CfsConfig.',
  },
  {
    field: 'PublicNetConfig.PublicNetStatus',
    asks: value => value === 'DISABLE',
    zh: '本机的沙箱不能为函数关闭公网访问（需要 bwrap 沙箱，见 openscf doctor），请使用 ENABLE。',
    en: 'the sandbox of this machine cannot cut a function off the network (that takes the bwrap sandbox, see openscf doctor); use ENABLE.',
  },
  {
    field: 'InstanceConcurrencyConfig',
    only: 'Event',
    asks: given,
    zh: '单实例多并发仅用于 Web 函数；如需用于 Node.js 事件函数，请设置 compat.eventInstanceConcurrency=on，否则请去掉 InstanceConcurrencyConfig。',
    en: 'several requests per instance are for web functions; for event functions on Node.js set compat.eventInstanceConcurrency=on, or leave out InstanceConcurrencyConfig.',
  },
  {
    field: 'ProtocolType',
    only: 'Event',
    asks: given,
    zh: 'WebSocket 仅用于 Web 函数，请使用 Type=HTTP，或去掉 ProtocolType。',
    en: 'WebSocket is for web functions; use Type=HTTP, or leave it out.',
  },
  {
    field: 'ProtocolParams',
    only: 'Event',
    asks: given,
    zh: 'WebSocket 仅用于 Web 函数，请使用 Type=HTTP，或去掉 ProtocolParams。',
    en: 'WebSocket is for web functions; use Type=HTTP, or leave it out.',
  },
  { field: 'ClsLogsetId', asks: given, ...CLS },
  { field: 'ClsTopicId', asks: given, ...CLS },
  { field: 'AutoCreateClsTopic', asks: on, ...CLS },
  { field: 'AutoDeployClsTopicIndex', asks: on, ...CLS },
  {
    field: 'IgnoreSysLog',
    asks: on,
    zh: '暂不支持关闭平台日志，请去掉 IgnoreSysLog。',
    en: 'platform log lines cannot be switched off yet; leave out IgnoreSysLog.',
  },
  {
    field: 'Stamp',
    asks: value => given(value) && value !== 'default',
    zh: '不支持 Stamp，请去掉该字段。',
    en: 'Stamp is not supported; leave it out.',
  },
  {
    field: 'EnvId',
    asks: given,
    zh: '不支持云开发环境，请去掉 EnvId。',
    en: 'CloudBase environments are not supported; leave out EnvId.',
  },
  {
    field: 'ResourceEnv',
    asks: given,
    zh: '不支持专用资源池，请去掉 ResourceEnv。',
    en: 'dedicated resource pools are not supported; leave out ResourceEnv.',
  },
  {
    field: 'ForceDelete',
    asks: on,
    zh: '暂不支持强制终止运行中的实例，请去掉 ForceDelete；运行中的调用会正常结束。',
    en: 'running instances are not killed yet; leave out ForceDelete: calls that run will end by themselves.',
  },
  { field: 'Code.TempCosObjectName', asks: given, ...TEMP_COS },
  { field: 'CodeSource', asks: value => /^tempcos/i.test(String(value)), ...TEMP_COS },
  { field: 'Code.GitUrl', asks: given, ...GIT_CODE },
  { field: 'CodeSource', asks: value => value === 'Git', ...GIT_CODE },
  { field: 'Code.ImageConfig', asks: given, ...IMAGE },
  { field: 'CodeSource', asks: value => value === 'Image', ...IMAGE },
  { field: 'Content.TempCosObjectName', asks: given, ...TEMP_COS },
  { field: 'Content.GitUrl', asks: given, ...GIT_CODE },
];

function valueAt(wire: Wire, field: string): unknown {
  let value: unknown = wire;
  for (const name of field.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return value ?? undefined;
}

const NONE: ReadonlySet<string> = new Set();

/** Fails with the first thing that a request asks for and that is not there; `offers` names what this machine has. */
export function refuseUnsupported(wire: Wire, offers: ReadonlySet<string> = NONE, type: FunctionType = 'Event'): void {
  for (const { field, only, asks, zh, en } of UNSUPPORTED) {
    if (offers.has(field) || (only !== undefined && only !== type)) continue;
    const value = valueAt(wire, field);
    if (value !== undefined && asks(value))
      fail('UnsupportedOperation', { zh: `${field}：${zh}`, en: `${field}: ${en}` });
  }
}

/** Settings without a counterpart here: kept and given back as they came. */
const ECHOED = ['VpcConfig', 'DnsCache', 'IntranetConfig', 'PublicNetConfig', 'L5Enable'] as const;

export function echoOf(wire: Wire): Readonly<Record<string, unknown>> {
  const echoed: Record<string, unknown> = {};
  for (const name of ECHOED) {
    const value = wire[name];
    if (value !== undefined && value !== null) echoed[name] = value;
  }
  const concurrency = instanceConcurrency(wire);
  if (concurrency !== undefined) echoed.InstanceConcurrencyConfig = concurrency;
  checkSwitch(wire, 'PublicNetConfig.PublicNetStatus', 'InvalidParameterValue.PublicNetConfig');
  checkSwitch(wire, 'PublicNetConfig.EipConfig.EipStatus', 'InvalidParameterValue.EipConfig');
  return echoed;
}

function checkSwitch(
  wire: Wire,
  field: string,
  code: 'InvalidParameterValue.PublicNetConfig' | 'InvalidParameterValue.EipConfig',
): void {
  const value = valueAt(wire, field);
  if (value !== undefined && value !== 'ENABLE' && value !== 'DISABLE') fail(code);
}

/** Without code, CodeSource may only name a source that there is. */
export function checkCodeSource(wire: Wire): void {
  const value = wire.CodeSource;
  if (value === undefined || value === null || value === '' || /^(zipfile|cos)$/i.test(String(value))) return;
  fail('InvalidParameterValue.CodeSource', { value: String(value) });
}
