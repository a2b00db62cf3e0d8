// Which certificates listeners and their domains show.

import type { Clb } from '../contract.ts';
import type { ListenerCertificate } from '../model.ts';

/** By a certificate's id: what shows it, in words such as `clb lb-… lbl-… a.example`. */
export function certificateUsers({
  balancers,
  listeners,
  rules,
}: Pick<Clb, 'balancers' | 'listeners' | 'rules'>): (id: string) => string | undefined {
  return id => {
    const shown = (certificate: ListenerCertificate | undefined) =>
      certificate !== undefined && (certificate.caId === id || certificate.ids.includes(id));
    for (const { region, id: loadBalancerId } of balancers.all()) {
      for (const listener of listeners.list({ region, loadBalancerId })) {
        const words = `clb ${loadBalancerId} ${listener.id}`;
        if (shown(listener.certificate)) return words;
        const rule = rules
          .list({ region, loadBalancerId, listenerId: listener.id })
          .find(({ certificate }) => shown(certificate));
        if (rule) return `${words} ${rule.domain}`;
      }
    }
    return undefined;
  };
}
