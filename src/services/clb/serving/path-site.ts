// The path form of listeners, for clients that cannot reach a balancer's own address:
// `/_clb/<lbId>/<listenerPort>/<path>`, or `/_clb/<lbId>/<listenerPort>@<domain>/<path>` for a domain that the Host does not name.

import { targetPath } from '../../../http/router.ts';
import type { Site } from '../../../http/site.ts';
import type { Place } from '../contract.ts';
import type { Listener, Rule } from '../model.ts';
import type { Objects } from '../objects.ts';
import { parseUrl } from '../routing/names.ts';
import type { LiveListener } from './arrival.ts';
import { page } from './pages.ts';
import type { Meant, Serve } from './serve.ts';

const FORM = /^\/_clb\/(lb-[a-z0-9]+)\/(\d{1,5})(?:@([^/]{1,80}))?(?=\/|$)/;

export function pathSite(
  objects: Objects,
  liveOf: (listenerId: string) => LiveListener | undefined,
  serve: Serve,
): Site {
  function meantBy(target: string): { readonly live: LiveListener; readonly meant: Meant } | undefined {
    const [prefix, id, port, host] = FORM.exec(targetPath(target)) ?? [];
    if (prefix === undefined) return undefined;
    const [listener] = objects.list(
      'clb/listener',
      one => one.loadBalancerId === id && one.port === Number(port) && /^HTTPS?$/.test(one.protocol),
    );
    const live = listener && liveOf(listener.id);
    return live && { live, meant: { prefix, host } };
  }

  return {
    name: 'clb',
    claims: (_host, path) => path.startsWith('/_clb/'),
    serve(request, response) {
      const found = meantBy(request.url ?? '/');
      if (found) serve.request(found.live, request, response, found.meant);
      else response.writeHead(404, ['Content-Type', 'text/html']).end(page(404).body);
    },
    upgrade(request, socket, head) {
      const found = meantBy(request.url ?? '/');
      if (found) serve.upgrade(found.live, request, socket, head, found.meant);
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    },
  };
}

/** The path form, then the listener's own address. */
export function urlsOf(rule: Rule, listener: Listener, place: Place, httpOrigin: string): readonly string[] {
  const form = parseUrl(rule.url);
  const path = form.kind === 'pattern' ? '/' : form.path;
  const name = rule.domains.map(exampleOf).find(text => text !== undefined);
  const named = rule.defaultServer || name === undefined ? '' : `@${name}`;
  const scheme = listener.protocol === 'HTTPS' ? 'https' : 'http';
  // The balancer's address is no name that a rule of another domain answers to.
  const host = rule.defaultServer || name === undefined ? place.host : name;
  return [
    `${httpOrigin}/_clb/${rule.loadBalancerId}/${listener.port}${named}${path}`,
    `${scheme}://${host}:${place.port}${path}`,
  ];
}

/** A host that a domain's form stands for; none of a regular expression. */
function exampleOf(domain: string): string | undefined {
  if (domain.startsWith('~')) return undefined;
  return domain.replace(/^\*\./, 'www.').replace(/\.\*$/, '.com');
}
