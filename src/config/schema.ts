// Every setting: its name, type, default and help. Flags, environment names and the file's keys are derived from it.

import { z } from 'zod';
import * as limits from '../core/limits.ts';
import { oneOf, onOff, text, whole } from './field.ts';

const PORT = 65_535;
const MANY = 1_000_000;
const SOME_TEXT = /\S/;

/** 0 takes any free port. */
const port = (zh: string, en: string) => whole(0, PORT, { zh, en });

const quota = z.object({
  namespaces: whole(1, MANY, { zh: '每个地域的命名空间数', en: 'namespaces per region' }).default(
    limits.NAMESPACES_PER_REGION,
  ),
  functions: whole(1, MANY, { zh: '每个命名空间的函数数', en: 'functions per namespace' }).default(
    limits.FUNCTIONS_PER_NAMESPACE,
  ),
  versions: whole(1, MANY, { zh: '每个函数的版本数', en: 'versions per function' }).default(
    limits.VERSIONS_PER_FUNCTION,
  ),
  triggersPerType: whole(1, MANY, { zh: '每个函数同类触发器数', en: 'triggers of one kind per function' }).default(
    limits.TRIGGERS_PER_TYPE,
  ),
  triggers: whole(1, MANY, { zh: '每个函数的触发器总数', en: 'triggers per function' }).default(
    limits.TRIGGERS_PER_FUNCTION,
  ),
  layers: whole(1, MANY, { zh: '每个地域的层数', en: 'layers per region' }).default(limits.LAYERS_PER_REGION),
  layerVersions: whole(1, MANY, { zh: '每个层的版本数', en: 'versions per layer' }).default(limits.VERSIONS_PER_LAYER),
  concurrency: whole(limits.MEMORY_MB.default, MANY * 100, {
    zh: '每个地域的并发配额（MB），缺省为文档所载的 128000 或 64000',
    en: 'concurrency per region, in MB; 128000 or 64000 as documented if not set',
  }).optional(),
  burst: whole(0, MANY, {
    zh: '每个地域每分钟新增实例数的上限（超出时为 429），0 为不限',
    en: 'new instances per region and minute (429 beyond), 0 for any number',
  }).default(0),
  gatewayQps: whole(0, MANY, {
    zh: 'API 网关服务每个环境的缺省每秒请求数（云上为 5000，超出时为 429），0 为不限',
    en: 'requests per second of an environment of an API Gateway service unless set for it (5000 in the cloud; 429 beyond), 0 for any number',
  }).default(0),
});

const records = z.object({
  rows: whole(100, MANY * 100, { zh: '保留的调用记录条数', en: 'records of calls that are kept' }).default(100_000),
  days: whole(1, 3650, { zh: '调用记录保留的天数', en: 'days for which records of calls are kept' }).default(7),
  bytesMB: whole(0, MANY, {
    zh: '保留的事件与返回内容的总大小（MB），用于查看和重放，0 为不保留',
    en: 'MB of events and replies that are kept to be shown and replayed, 0 for none',
  }).default(256),
});

/** WebSocket connections through API Gateway; neither limit is documented. */
const websocket = z.object({
  idle: whole(1, 86_400, {
    zh: 'WebSocket 连接无任何数据时保留的秒数',
    en: 'seconds for which a WebSocket connection without any frame is kept',
  }).default(900),
  messageKB: whole(1, 4096, {
    zh: '单条 WebSocket 消息的大小上限（KB）',
    en: 'largest WebSocket message, in KB',
  }).default(1024),
});

const clb = z.object({
  vips: text(/^[\d./,\s]*$/, '127.80.0.0/24', {
    zh: '负载均衡 VIP 的地址池：一个网段，或以逗号分隔的地址；缺省在 Linux 上为 127.80.0.0/24，其他系统为 127.0.0.1',
    en: 'addresses of load balancers: one block, or several with commas between; 127.80.0.0/24 on Linux and 127.0.0.1 elsewhere if not set',
  }).default(''),
});

const cos = z.object({
  scrubMB: whole(0, 100_000, {
    zh: '后台每天核对所有对象时每秒读取的数据量（MB），0 为不核对',
    en: 'MB per second that are read to look through all objects once a day, 0 for never',
  }).default(8),
});

/** Events of buckets of another store, posted to /_openscf/v1/s3-events. */
const s3 = z.object({
  token: text(/^[A-Za-z0-9._~-]{16,}$/, 'at least 16 letters, digits or - . _ ~', {
    zh: '其他对象存储发送事件通知时所带的令牌，缺省不接受通知',
    en: 'token that other object stores send with their event notifications; none are taken if not set',
    secret: true,
  }).optional(),
  buckets: text(/^(\s*[^\s=,]+=[a-z0-9-]+-\d+\s*(,|$))*$/, 'photos=photos-1250000000,logs=logs-1250000000', {
    zh: '其他对象存储的存储桶与本服务的存储桶的对应关系（逗号分隔），触发器绑定后者；启动时创建其中不存在的存储桶（地域为 region）',
    en: 'which bucket here stands for a bucket of another store, with commas between; triggers are bound to the one here, which is made at start in the region of the setting region if it is missing',
  }).default(''),
});

/** Where the cloud's documents disagree with themselves, or clients rely on what is not documented. */
const compat = z.object({
  apigwHeaderCase: oneOf(['lower', 'canonical'], {
    zh: 'API 网关事件中请求头名称的大小写',
    en: 'case of header names in API Gateway events',
  }).default('lower'),
  apigwDropLocation: onOff({
    zh: '集成响应中丢弃 Location 响应头',
    en: 'drop the Location header of integrated responses',
  }).default(false),
  wsUpstreamAction: oneOf(['data send', 'data recv'], {
    zh: 'WebSocket 上行消息事件中 action 的取值',
    en: 'action in the events of messages that WebSocket clients send',
  }).default('data send'),
  wsParallel: onOff({
    zh: '同一 WebSocket 连接的消息不必等待前一条处理完（不保证顺序）',
    en: 'messages of one WebSocket connection do not wait for each other; their order is not kept',
  }).default(false),
  wsCleanupOnServerClose: onOff({
    zh: '函数主动关闭 WebSocket 连接后也调用清理函数',
    en: 'call the cleanup function also for WebSocket connections that a function closed',
  }).default(false),
  clbBase64Flag: oneOf(['string', 'boolean'], {
    zh: 'CLB 事件中 isBase64Encoded 的类型（文档为字符串）',
    en: 'type of isBase64Encoded in CLB events; the documents show a string',
  }).default('string'),
  clbExtendedEvent: onOff({
    zh: 'CLB 事件另带 httpMethod、path、queryString 与 body（文档正文提到，示例中没有）',
    en: 'CLB events have httpMethod, path, queryString and body as well, which the documents promise and do not show',
  }).default(true),
  cosEventName: oneOf(['concrete', 'rule'], {
    zh: 'COS 事件中 eventName 的取值：实际发生的事件，或触发器规则中的事件（如文档示例）',
    en: 'eventName of COS events: what happened, or the event of the trigger as in the documents’ sample',
  }).default('concrete'),
  cosExtendedEvent: onOff({
    zh: 'COS 事件另带 cosRegion、s3Region、ETag 与 x-cos-storage-class（云上有，文档未载）',
    en: 'COS events have cosRegion, s3Region, ETag and x-cos-storage-class as well, which the cloud sends and the documents do not show',
  }).default(true),
  cosAppendEvents: oneOf(['wildcard', 'named', 'off'], {
    zh: '追加上传（文档未载事件名）：仅匹配 cos:ObjectCreated:*，也可按名称指定，或不产生事件',
    en: 'appending, which has no event in the documents: told to cos:ObjectCreated:* alone, also to rules that name it, or to nobody',
  }).default('wildcard'),
  timerUtcOffset: whole(-720, 840, {
    zh: 'Cron 表达式所在时区与 UTC 相差的分钟数',
    en: 'minutes between UTC and the zone in which cron expressions are read',
  }).default(480),
  instancePerEvent: onOff({
    zh: '没有空闲实例的请求总是启动新实例（与云上一致），而不等待即将空闲的实例',
    en: 'an event that finds no idle instance always starts one, as in the cloud, instead of waiting for one that will be free sooner',
  }).default(false),
  eventInstanceConcurrency: onOff({
    zh: 'Node.js 事件函数可用 InstanceConcurrencyConfig 让一个实例同时处理多个事件（云上仅 Web 函数支持）',
    en: 'event functions on Node.js may run several events in one instance by InstanceConcurrencyConfig (the cloud: web functions alone)',
  }).default(false),
});

export const configSchema = z.object({
  data: text(SOME_TEXT, '.openscf', { zh: '数据目录', en: 'data folder' }).default('.openscf'),
  host: text(/^\S+$/, '127.0.0.1', { zh: '监听地址', en: 'address to listen on' }).default('127.0.0.1'),
  portApi: port('云 API 端口', 'port of the Cloud APIs').default(9700),
  portCos: port('COS 端口', 'port of COS').default(9701),
  portHttp: port('API 网关等 HTTP 入口端口', 'port of the HTTP edge (API Gateway)').default(9702),
  portTls: port('HTTP 入口的 TLS 端口', 'port of the HTTP edge with TLS').default(9743),
  portOffset: whole(0, PORT, {
    zh: '小于 1024 的监听器端口加上此值',
    en: 'added to load balancer listener ports below 1024',
  }).default(18_000),
  baseDomain: text(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'localhost', {
    zh: '生成的域名的后缀',
    en: 'suffix of generated host names',
  }).default('localhost'),
  trustedProxies: text(/^[0-9A-Fa-f.:/,\s]*$/, '10.0.0.0/8,192.168.1.5', {
    zh: '可信代理的地址或网段（逗号分隔），客户端地址取自其 X-Forwarded-For',
    en: 'addresses and blocks of proxies, with commas between, whose X-Forwarded-For tells who the client is',
  }).default(''),
  region: text(/^[a-z]{2,}-[a-z0-9-]+$/, 'ap-guangzhou', {
    zh: '默认地域',
    en: 'region of calls that name none',
  }).default('ap-guangzhou'),
  appId: text(/^\d{1,20}$/, '1250000000', { zh: '账号 AppId', en: 'AppId of the account' }).default('1250000000'),
  uin: text(/^\d{1,20}$/, '100000000001', { zh: '账号 Uin', en: 'Uin of the account' }).default('100000000001'),
  secretId: text(/^\S{8,}$/, 'AKID…', {
    zh: '密钥 SecretId，缺省时首次启动随机生成',
    en: 'SecretId; made at random on the first start if not set',
    secret: true,
  }).optional(),
  secretKey: text(/^\S{8,}$/, 'at least 8 characters', {
    zh: '密钥 SecretKey，缺省时首次启动随机生成',
    en: 'SecretKey; made at random on the first start if not set',
    secret: true,
  }).optional(),
  memory: whole(128, 2 ** 24, {
    zh: '所有函数实例可用的内存（MB），缺省为启动时空闲内存的一半',
    en: 'memory for all instances together, in MB; half of what is free at start if not set',
  }),
  warm: whole(0, 2 ** 24, {
    zh: '预先启动的沙箱可用的内存（MB），缺省为 memory 的十六分之一，0 为不预先启动',
    en: 'memory for sandboxes that are started before they are needed, in MB; a sixteenth of memory if not set, 0 for none',
  }),
  idle: whole(1, 86_400, {
    zh: '空闲实例保留的秒数',
    en: 'seconds for which an instance without events is kept',
  }).default(600),
  grace: whole(0, 3600, {
    zh: '停止服务时等待运行中的调用结束的秒数',
    en: 'seconds that running calls have to end when the server is stopped',
  }).default(10),
  sandbox: oneOf(['auto', 'process', 'bwrap'], { zh: '沙箱方式', en: 'how functions are kept apart' }).default('auto'),
  runtimes: oneOf(['auto', 'installed'], {
    zh: '首次用到某个运行环境时下载其 Node.js 版本（auto），或只用本机已有的版本（installed）',
    en: 'fetch the Node.js version of a runtime when it is first needed (auto), or use what is there (installed)',
  }).default('auto'),
  registry: text(/^https?:\/\/\S+$/, 'https://registry.npmjs.org', {
    zh: '下载运行环境所用的 npm 仓库，缺省取自 npm_config_registry',
    en: 'npm registry that runtimes are fetched from; npm_config_registry if not set',
  }).optional(),
  cloudNames: oneOf(['on', 'off'], {
    zh: '函数内对云域名的访问是否转到本服务',
    en: 'lead calls from functions to the names of the cloud here',
  }).default('on'),
  dev: onOff({ zh: '开发模式：时间可以冻结和拨动', en: 'development: the clock can be frozen and turned' }).default(
    false,
  ),
  examples: onOff({ zh: '首次启动时部署示例函数', en: 'deploy the examples on the first start' }).default(false),
  lang: oneOf(['zh', 'en'], {
    zh: '命令行文字的语言，缺省取自 LANG',
    en: 'language of the command line; from LANG if not set',
  }),
  accessLog: text(SOME_TEXT, 'logs/access.log', {
    zh: 'API 网关访问日志文件，缺省不写',
    en: 'file of the access log of the API gateway; none is written if not set',
  }).optional(),
  logLevel: oneOf(['debug', 'info', 'warn', 'error'], { zh: '服务日志级别', en: 'level of the server log' }).default(
    'info',
  ),
  quota,
  records,
  websocket,
  clb,
  cos,
  s3,
  compat,
});

export type Config = z.output<typeof configSchema>;
