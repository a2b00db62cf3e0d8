import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { test } from 'node:test';
import { NO_LOG } from '../core/log.ts';
import { hasBody, readBody } from './body.ts';
import { writeWhole } from './reply.ts';
import { openFront } from './server.ts';
import type { Site } from './site.ts';
import { makeCertificate } from './testing-certificates.ts';

const echo: Site = {
  name: 'echo',
  claims: () => true,
  async serve(request, response) {
    const body = await readBody(request, 1000).catch(() => undefined);
    const headers = [
      'X-Version',
      request.httpVersion,
      'X-Host',
      request.headers.host ?? '',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
    ];
    headers.push('X-Body', String(hasBody(request)));
    writeWhole(response, { status: body ? 200 : 413 }, headers, body ?? 'too large');
  },
};

async function open(http2: (name: string) => boolean) {
  const { certificatePem: cert, privateKeyPem: key } = await makeCertificate({ names: ['a.test', 'b.test'] });
  const ALPNCallback = ({ servername, protocols }: { servername: string; protocols: string[] }) =>
    http2(servername) && protocols.includes('h2') ? 'h2' : 'http/1.1';
  const tls = { cert, key, ALPNCallback };
  return openFront({
    host: '127.0.0.1',
    port: 0,
    setting: 'portTls',
    sites: [],
    fallback: echo,
    log: NO_LOG,
    tls,
    http2: true,
  });
}

function ask(port: number, servername: string, body?: string) {
  return new Promise<{ headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const session = connect(`https://${servername}:${port}`, {
      host: '127.0.0.1',
      servername,
      rejectUnauthorized: false,
    });
    session.on('error', reject);
    const stream = session.request(
      { ':method': body === undefined ? 'GET' : 'POST', ':path': '/x' },
      { endStream: body === undefined },
    );
    let headers: Record<string, unknown> = {};
    let text = '';
    stream.on('response', got => {
      headers = got;
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      resolve({ headers, body: text });
    });
    if (body !== undefined) stream.end(body);
  });
}

function askPlain(port: number, servername: string) {
  return new Promise<string>((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port, servername, rejectUnauthorized: false, agent: false },
      response => {
        response.resume().once('end', () => resolve(String(response.headers['x-version'])));
      },
    );
    request.once('error', reject).end();
  });
}

test('one port speaks both, as the handshake has it', async () => {
  const front = await open(() => true);
  const framed = await ask(front.port, 'a.test');
  assert.equal(framed.headers[':status'], 200);
  assert.equal(framed.headers['x-version'], '2.0');
  assert.equal(framed.headers['x-host'], `a.test:${front.port}`);
  assert.deepEqual(framed.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(framed.headers['x-body'], 'false');
  assert.equal(await askPlain(front.port, 'a.test'), '1.1');
  await front.close(1000);
});

test('a body without a length is read, one that is too large refused', async () => {
  const front = await open(() => true);
  const small = await ask(front.port, 'a.test', 'small');
  assert.deepEqual([small.body, small.headers['x-body']], ['small', 'true']);
  const large = await ask(front.port, 'a.test', 'x'.repeat(2000));
  assert.equal(large.headers[':status'], 413);
  await front.close(1000);
});

test('a name that is not to speak it does not', async () => {
  const front = await open(name => name === 'a.test');
  await assert.rejects(ask(front.port, 'b.test'));
  assert.equal(await askPlain(front.port, 'b.test'), '1.1');
  await front.close(1000);
});

test('a session without requests does not keep the server from closing', async () => {
  const front = await open(() => true);
  const session = connect(`https://a.test:${front.port}`, {
    host: '127.0.0.1',
    servername: 'a.test',
    rejectUnauthorized: false,
  });
  await new Promise(connected => session.once('connect', connected));
  const closed = new Promise(done => session.once('close', done));
  await front.close(5000);
  await closed;
});
