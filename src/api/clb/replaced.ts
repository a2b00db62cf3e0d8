// ReplaceCertForLoadBalancers: everywhere the same certificate is shown, another one is.

import { z } from 'zod';
import type { ListenerCertificate } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { CertificateInput, certificateOf } from './certificate.ts';
import type { ClbContext } from './deps.ts';
import { failCall } from './errors.ts';
import { text } from './types.ts';

interface Shown {
  readonly loadBalancerId: string;
  replace(): Promise<void>;
}

const ReplaceCertForLoadBalancers = action({
  request: z.object({ OldCertificateId: text, Certificate: CertificateInput }),
  async handle({ OldCertificateId: old, Certificate }, context: ClbContext) {
    const { clb, requestId } = context;
    const found = shownBy(context, old, async () => (await next).ids[0] ?? '');
    if (found.length === 0) {
      failCall('InvalidParameterValue', {
        name: 'OldCertificateId',
        zh: `没有负载均衡使用证书 ${old}`,
        en: `no load balancer uses the certificate ${old}`,
      });
    }
    const next = newOf(Certificate, context);
    const owners = [...new Set(found.map(({ loadBalancerId }) => loadBalancerId))];
    await clb.tasks.run(requestId, owners, async () => {
      await next;
      for (const one of found) await one.replace();
    });
    return {};
  },
});

/** The new one stands under CertId, or, where a CA is replaced, under CertCaId. */
async function newOf(given: z.output<typeof CertificateInput>, context: ClbContext): Promise<ListenerCertificate> {
  const { CertId, CertCaId, CertContent, CertCaContent, CertCaName } = given;
  const asServer = CertId || CertContent;
  const one = asServer
    ? { ...given, SSLMode: 'UNIDIRECTIONAL' as const }
    : { CertId: CertCaId, CertContent: CertCaContent, CertName: CertCaName, CertKey: undefined };
  const found = await certificateOf({ Certificate: one }, context);
  return found ?? failCall('InvalidParameterValue', { name: 'Certificate', zh: '缺少证书', en: 'it names none' });
}

/** Certificates are the account's: all regions are looked at, from whichever the call comes. */
function shownBy({ clb }: ClbContext, old: string, next: () => Promise<string>): Shown[] {
  const found: Shown[] = [];
  const uses = (certificate: ListenerCertificate | undefined): certificate is ListenerCertificate =>
    certificate !== undefined && (certificate.caId === old || certificate.ids.includes(old));
  const changed = async (certificate: ListenerCertificate) => {
    const id = await next();
    const ids = certificate.ids.map(one => (one === old ? id : one));
    return { ...certificate, ids, caId: certificate.caId === old ? id : certificate.caId };
  };
  for (const { region, id: loadBalancerId } of clb.balancers.all()) {
    for (const listener of clb.listeners.list({ region, loadBalancerId })) {
      const ref = { region, loadBalancerId, listenerId: listener.id };
      const { certificate } = listener;
      if (uses(certificate)) {
        const replace = async () => clb.listeners.modify(ref, { certificate: await changed(certificate) });
        found.push({ loadBalancerId, replace });
      }
      const domains = new Set<string>();
      for (const rule of clb.rules.list(ref)) {
        const own = rule.certificate;
        if (!uses(own) || domains.has(rule.domain)) continue;
        domains.add(rule.domain);
        const replace = async () => clb.rules.modifyDomain(ref, rule.domain, { certificate: await changed(own) });
        found.push({ loadBalancerId, replace });
      }
    }
  }
  return found;
}

export const REPLACED_ACTIONS = { ReplaceCertForLoadBalancers };
