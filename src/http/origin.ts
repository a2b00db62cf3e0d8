// How a port is named to those who are to reach it.

const USUAL_PORTS = { http: 80, https: 443 };

/** `http://host:port`; a server that listens on all addresses is reached, from here, on the loopback one. */
export function originOf(host: string, port: number, scheme: keyof typeof USUAL_PORTS = 'http'): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const at = port === USUAL_PORTS[scheme] ? '' : `:${port}`;
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}${at}`;
}
