// How a port is named to those who are to reach it.

/** `http://host:port`; a server that listens on all addresses is reached, from here, on the loopback one. */
export function originOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
