// Ports that close while clients have connected and said nothing, or not all yet.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { NO_LOG } from '../core/log.ts';
import { type Front, openFront } from './server.ts';
import type { Site } from './site.ts';
import { makeCertificate } from './testing-certificates.ts';

const site: Site = { name: 'hello', claims: () => false, serve: (_, response) => void response.end('hello') };
type Tls = NonNullable<Parameters<typeof openFront>[0]['tls']>;

for (const secure of [false, true])
  describe(secure ? 'with TLS' : 'without TLS', () => {
    let tls: Tls | undefined;
    let front: Front;
    before(async () => {
      if (secure) {
        const { certificatePem: cert, privateKeyPem: key } = await makeCertificate();
        tls = { cert, key };
      }
      const options = { host: '127.0.0.1', port: 0, setting: 'portHttp', sites: [], log: NO_LOG, fallback: site };
      front = await openFront({ ...options, ...(tls && { tls }) });
    });
    after(() => front.close(0));

    async function connected(): Promise<Socket> {
      const to = { port: front.port, host: '127.0.0.1' };
      const socket = secure ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
      socket.on('error', () => {});
      await once(socket, secure ? 'secureConnect' : 'connect');
      return socket;
    }
    async function answered(socket: Socket): Promise<string> {
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) {
        text += chunk;
        if (text.endsWith('hello')) break;
      }
      return text;
    }

    test('silent ones are ended at once; a request that has begun to come is answered', async () => {
      const raw = connect(front.port, '127.0.0.1');
      const [silent, begun] = [await connected(), await connected()];
      begun.write('GET /begun HTTP/1.1\r\nHost: x\r\n');
      // What was sent before a later connection's answer has been read by then.
      const later = await connected();
      later.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await answered(later), /^HTTP\/1\.1 200 /);

      const ended = Promise.all([once(raw, 'close'), once(silent.resume(), 'close')]);
      const closing = front.close(60_000);
      await ended;
      begun.write('Connection: close\r\n\r\n');
      assert.match(await answered(begun), /^HTTP\/1\.1 200 /);
      await closing;
    });
  });
