// What certificates are refused for: codes of the vendor's SSL API, version 2019-12-05.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const CERTIFICATE_ERRORS = {
  'FailedOperation.CertificateInvalid': caller('证书不符合要求：{zh}', 'The certificate cannot be used: {en}'),
  'FailedOperation.CertificateMismatch': caller(
    '证书与私钥不对应，请上传同一密钥对的证书和私钥；证书链中服务器证书应排在第一个。',
    'The private key does not belong to the certificate; upload both of one pair. In a chain the certificate of the server comes first.',
  ),
  'FailedOperation.CertificateNotFound': caller(
    '证书 {id} 不存在，请检查证书 ID（openscf cert ls 可列出）。',
    'There is no certificate {id}; check its id (openscf cert ls shows them).',
  ),
  'FailedOperation.DeleteResourceFailed': caller(
    '证书 {id} 正被 {user} 使用，请先解除关联再删除。',
    'The certificate {id} is used by {user}; take it away there first, then delete it.',
  ),
  'FailedOperation.InvalidParam': caller('参数 {name} 错误：{zh}', 'The parameter {name} is wrong: {en}'),
} as const satisfies Record<string, ErrorRow>;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: keyof typeof CERTIFICATE_ERRORS, params?: ErrorParams, why?: unknown): never {
  return failer(CERTIFICATE_ERRORS)(code, params, why);
}
