// The SSL API's actions, version 2019-12-05: uploaded certificates alone, none is bought here.

import type { ServiceTable } from '../action.ts';
import { CERTIFICATE_ACTIONS } from './certificates.ts';
import type { SslDeps } from './deps.ts';

export const SSL_ACTIONS: ServiceTable<SslDeps> = {
  version: '2019-12-05',
  actions: CERTIFICATE_ACTIONS,
  later: ['DownloadCertificate', 'ApplyCertificate'],
};
