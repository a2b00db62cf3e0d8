// What names, ports, weights and health checks may look like. Limits are the documented ones.

import { fail } from '../../../core/errors.ts';
import type { Certificates } from '../../../core/ports.ts';
import { failClb } from '../errors.ts';
import { type HealthCheck, type ListenerCertificate, RESERVED_PORTS, type Scheduler } from '../model.ts';

const NAME_CHARS = 80;

export function checkName(name: string, value: string): void {
  if (value.length < 1 || value.length > NAME_CHARS) {
    failClb('InvalidParameterValue.Length', { name, min: 1, max: NAME_CHARS });
  }
}

export function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    failClb('InvalidParameterValue.Range', { name, min, max });
  }
}

export function checkCount(name: string, count: number, max: number): void {
  if (count < 1 || count > max) failClb('InvalidParameterValue.Length', { name, min: 1, max });
}

export function checkListenerPort(port: number): void {
  checkRange('Ports', port, 1, 65_535);
  if (!RESERVED_PORTS.includes(port)) return;
  const why = { zh: '该端口为系统保留端口', en: 'it is reserved' };
  failClb('InvalidParameter.PortCheckFailed', { port, ...why });
}

export function checkWeight(weight: number): void {
  checkRange('Weight', weight, 0, 100);
}

/** Documented: 0, or 30 to 3600 s on the page and 30 to 86400 s in the API; session persistence goes with WRR alone. */
export function checkSession(sessionExpireS: number, scheduler: Scheduler): void {
  if (sessionExpireS !== 0) checkRange('SessionExpireTime', sessionExpireS, 30, 86_400);
  if (sessionExpireS === 0 || scheduler === 'WRR') return;
  failClb('InvalidParameterValue', {
    name: 'SessionExpireTime',
    zh: `均衡方式 ${scheduler} 不支持会话保持，请用 WRR`,
    en: `session persistence goes with WRR, not with ${scheduler}`,
  });
}

/** RFC 6265 §4.1.1: a token. */
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

export function checkCookieName(name: string): void {
  if (name === '' || COOKIE_NAME.test(name)) return;
  const why = {
    zh: '应为 1–128 个可用于 Cookie 名称的字符',
    en: 'use 1 to 128 characters that a cookie name may have',
  };
  failClb('InvalidParameter.FormatError', { name: 'CookieName', ...why });
}

export function checkHealth(health: HealthCheck): void {
  checkRange('HealthCheck.TimeOut', health.timeoutS, 2, 60);
  checkRange('HealthCheck.IntervalTime', health.intervalS, 2, 300);
  checkRange('HealthCheck.HealthNum', health.healthyAfter, 2, 10);
  checkRange('HealthCheck.UnHealthNum', health.unhealthyAfter, 2, 10);
  checkRange('HealthCheck.HttpCode', health.codes, 1, 31);
  if (health.port !== 0) checkRange('HealthCheck.CheckPort', health.port, 1, 65_535);
  if (!/^\/[\x21-\x7e]{0,199}$/.test(health.path)) {
    const why = { zh: '应以 / 开头，长度 1–200', en: 'it begins with / and has 1 to 200 characters' };
    failClb('InvalidParameter.FormatError', { name: 'HealthCheck.HttpCheckPath', ...why });
  }
  if (health.domain !== '' && !/^[a-z0-9.-]{1,80}$/i.test(health.domain)) {
    const why = { zh: '应为 1–80 个字符的域名', en: 'use a host name of 1 to 80 characters' };
    failClb('InvalidParameter.FormatError', { name: 'HealthCheck.HttpCheckDomain', ...why });
  }
}

export function checkCertificate(certificates: Certificates, certificate: ListenerCertificate): void {
  const { ids, mode, caId } = certificate;
  if (ids.length > 1) {
    failClb('UnsupportedOperation', {
      zh: '每个监听器或域名只支持一本服务器证书',
      en: 'a listener or domain shows one certificate here, not two',
    });
  }
  for (const [name, id] of [
    ['CertId', ids[0] ?? ''] as const,
    ...(mode === 'MUTUAL' ? [['CertCaId', caId] as const] : []),
  ]) {
    if (id === '') fail('MissingParameter', { name });
    if (certificates.find(id)) continue;
    failClb('InvalidParameterValue', {
      name,
      zh: `证书 ${id} 不存在，请先用 UploadCertificate 或 openscf cert add 上传`,
      en: `there is no certificate ${id}; upload it with UploadCertificate or openscf cert add`,
    });
  }
}

/** Which client certificates are taken is settled before the client says which domain it means. */
export function checkDomainCertificate(certificates: Certificates, certificate: ListenerCertificate): void {
  checkCertificate(certificates, certificate);
  if (certificate.mode !== 'MUTUAL') return;
  failClb('UnsupportedOperation', {
    zh: '开启 SNI 的监听器不支持双向认证，请用未开启 SNI 的 HTTPS 监听器',
    en: 'client certificates cannot be asked for by domain; use an HTTPS listener without SNI',
  });
}
