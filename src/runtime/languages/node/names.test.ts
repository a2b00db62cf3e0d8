// The cloud's names inside Node.js, on this interpreter and on every other one of this machine.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { probe, programs } from '../find.ts';
import { printed, type Standing, startStanding } from '../testing-names.ts';

const names = join(import.meta.dirname, 'names.cjs');
const COS = 'b-1250000000.cos.ap-guangzhou.myqcloud.com';
const paths = programs({ names: /^node(js)?(-?\d+)?$/, folders: [] });
const probed = await Promise.all([process.execPath, ...paths].map(path => probe(path, ['--version'])));
const nodes = new Map(probed.filter(one => one !== undefined).map(one => [one.version, one.path]));

/** Shared by all programs: `get` gives what arrived at the server, or the code of the error. */
const COMMON = `
const get = (module, options) => new Promise(resolve => {
  const request = module.get(options, response => {
    let text = '';
    response.on('data', chunk => { text += chunk; });
    response.on('end', () => resolve(text.startsWith('{') ? Object.assign(JSON.parse(text), { Response: undefined }) : text));
  });
  request.on('error', error => resolve(error.code || error.message));
});
const show = value => { console.log(JSON.stringify(value === undefined ? null : value)); process.exit(0); };
const failed = error => show({ failed: error.stack });
`;

for (const [version, node] of nodes) {
  const major = Number.parseInt(version, 10);

  describe(`Node.js ${version}`, () => {
    let standing: Standing;
    let other: Server;
    before(async () => {
      standing = await startStanding();
      other = createServer((_request, response) => void response.end('other')).listen(0, '127.0.0.1');
    });
    after(async () => {
      other.close();
      await standing.close();
    });

    /** Runs the body of an async function, as a handler would run, and gives what it returns. */
    const run = (body: string, env: Record<string, string> = {}, settings: unknown = standing.settings) => {
      const install = `require(${JSON.stringify(names)}).install(${JSON.stringify(settings)});`;
      const program = `${install}${COMMON}(async () => {${body}})().then(show, failed);`;
      return printed(node, ['-e', program], env);
    };

    test('https', async () => {
      assert.deepEqual(
        await run(`
          const https = require('https');
          return [
            await get(https, 'https://scf.tencentcloudapi.com/a?b'),
            await get(https, { host: '${COS}', path: '/key' }),
            await get(https, { hostname: 'SCF.TencentCloudAPI.com', port: '443' }),
            await get(https, { host: 'ap-guangzhou.cls.tencentcs.com', agent: false, family: 6 }),
          ];`),
        [
          { scheme: 'https', host: 'scf.tencentcloudapi.com', servername: 'scf.tencentcloudapi.com', url: '/a?b' },
          { scheme: 'https', host: COS, servername: COS, url: '/key' },
          { scheme: 'https', host: 'SCF.TencentCloudAPI.com', servername: 'SCF.TencentCloudAPI.com', url: '/' },
          {
            scheme: 'https',
            host: 'ap-guangzhou.cls.tencentcs.com',
            servername: 'ap-guangzhou.cls.tencentcs.com',
            url: '/',
          },
        ],
      );
    });

    test('http', async () => {
      const host = 'cmq-queue-gz.api.tencentyun.com';
      assert.deepEqual(await run(`return get(require('http'), 'http://${host}/v2/index.php');`), {
        scheme: 'http',
        host,
        servername: '',
        url: '/v2/index.php',
      });
    });

    test('a connection that is kept serves the next call, and a session is taken up again', async () => {
      assert.deepEqual(
        await run(`
          const https = require('https');
          const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
          const urls = [];
          for (let i = 0; i < 3; i++) urls.push((await get(https, { host: 'scf.tencentcloudapi.com', path: '/' + i, agent })).url);
          agent.destroy();
          const again = new https.Agent();
          for (let i = 3; i < 6; i++) urls.push((await get(https, { host: 'scf.tencentcloudapi.com', path: '/' + i, agent: again })).url);
          return urls;`),
        ['/0', '/1', '/2', '/3', '/4', '/5'],
      );
    });

    test('tls.connect with and without a server name, in its three spellings', async () => {
      assert.deepEqual(
        await run(`
          const tls = require('tls');
          const name = 'scf.tencentcloudapi.com';
          const peer = connect => new Promise(resolve => {
            const socket = connect(() => { resolve([socket.authorized, socket.getPeerCertificate().subjectaltname]); socket.destroy(); });
            socket.on('error', error => resolve(error.code || error.message));
          });
          return [
            await peer(done => tls.connect({ host: name, port: 443, servername: name }, done)),
            await peer(done => tls.connect({ host: name, port: 443 }, done)),
            await peer(done => tls.connect(443, name, {}, done)),
            await peer(done => tls.connect({ host: 'cam.tencentcloudapi.com', port: 443, servername: name }, done)),
          ];`),
        Array.from({ length: 4 }, () => [true, 'DNS:scf.tencentcloudapi.com']),
      );
    });

    test('TLS over a socket that was connected before', async () => {
      assert.deepEqual(
        await run(`
          const name = 'scf.tencentcloudapi.com';
          const socket = require('net').connect(443, name);
          await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
          const secure = require('tls').connect({ socket, servername: name });
          await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
          return secure.authorized;`),
        true,
      );
    });

    test('the three spellings of net connections; a socket that is used again', async () => {
      assert.deepEqual(
        await run(`
          const net = require('net');
          const port = connect => new Promise(resolve => {
            const socket = connect();
            socket.on('connect', () => { resolve(socket.remotePort); socket.destroy(); });
            socket.on('error', error => resolve(error.code));
          });
          return [
            await port(() => net.connect(443, '${COS}')),
            await port(() => net.createConnection({ host: '${COS}.', port: 80 })),
            await port(() => new net.Socket().connect(80, '${COS}')),
            await port(() => new net.Socket().connect({ port: 443, host: '${COS}' })),
            await port(() => net.connect({ host: '${COS}', port: ${(other.address() as AddressInfo).port} })),
          ];`),
        [
          standing.settings.ports['443'],
          standing.settings.ports['80'],
          standing.settings.ports['80'],
          standing.settings.ports['443'],
          (other.address() as AddressInfo).port,
        ],
      );
    });

    test('a look-up of the user, and an address that was looked up before', async () => {
      assert.deepEqual(
        await run(`
          const dns = require('dns');
          const https = require('https');
          const lookup = (host, options, done) => done(new Error('asked'));
          const { address } = await require('util').promisify(dns.lookup)('${COS}');
          const mine = await get(https, { host: '${COS}', lookup });
          const looked = await get(https, { host: address, servername: '${COS}', headers: { Host: '${COS}' } });
          return [mine.host, address, looked.host];`),
        [COS, '127.97.0.1', COS],
      );
    });

    test('dns, with callbacks and promises', async () => {
      assert.deepEqual(
        await run(`
          const dns = require('dns');
          const { promises } = dns;
          const call = (f, ...args) => new Promise(resolve => f(...args, (error, ...values) => resolve(error ? error.code : values)));
          const name = 'scf.tencentcloudapi.com';
          const code = error => error.code;
          return [
            await call(dns.lookup, name),
            await call(dns.lookup, name, { all: true }),
            await call(dns.resolve4, name),
            await call(dns.resolve4, name, { ttl: true }),
            await call(dns.resolve, name),
            await call(dns.resolve, name, 'A'),
            await call(dns.resolve, name, 'AAAA'),
            await call(dns.resolve6, name),
            await promises.lookup(name),
            await promises.resolve4(name),
            await promises.resolve(name),
            await promises.resolve6(name).catch(code),
          ];`),
        [
          ['127.97.0.1', 4],
          [[{ address: '127.97.0.1', family: 4 }]],
          [['127.97.0.1']],
          [[{ address: '127.97.0.1', ttl: 60 }]],
          [['127.97.0.1']],
          [['127.97.0.1']],
          'ENODATA',
          'ENODATA',
          { address: '127.97.0.1', family: 4 },
          ['127.97.0.1'],
          ['127.97.0.1'],
          'ENODATA',
        ],
      );
    });

    test('other names and addresses are not touched', async () => {
      const { port } = other.address() as AddressInfo;
      assert.deepEqual(
        await run(`
          const http = require('http');
          const dns = require('dns');
          return [
            await get(http, 'http://127.0.0.1:${port}/'),
            await get(http, { host: 'tencentcloudapi.com.localhost', port: ${port}, lookup: (h, o, done) => o && o.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4) }),
            await get(http, { host: 'tencentcloudapi.com', lookup: (h, o, done) => done(new Error('asked')) }).then(text => text.slice(0, 5)),
            await new Promise(resolve => dns.lookup('127.0.0.2', (error, address) => resolve(address))),
          ];`),
        ['other', 'other', 'asked', '127.0.0.2'],
      );
    });

    test('the CA is trusted for these names alone, also by an agent that trusts its own', async () => {
      const { ports } = standing.settings;
      assert.deepEqual(
        await run(`
          const https = require('https');
          const before = await get(https, { host: '127.0.0.1', port: ${ports['443']}, servername: 'localhost' });
          const named = await get(https, { host: '${COS}', ca: require('tls').rootCertificates ? require('tls').rootCertificates[0] : undefined });
          const after = await get(https, { host: '127.0.0.1', port: ${ports['443']}, servername: 'localhost' });
          const wrong = await get(https, { host: '${COS}', servername: 'www.example.org' });
          return [before, named.host, after, wrong];`),
        ['SELF_SIGNED_CERT_IN_CHAIN', COS, 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'],
      );
    });

    test('NODE_EXTRA_CA_CERTS of the user stays', async () => {
      const { ports } = standing.settings;
      assert.deepEqual(
        await run(
          `
          const https = require('https');
          return [
            (await get(https, { host: '${COS}' })).host,
            (await get(https, { host: '127.0.0.1', port: ${ports['443']}, servername: 'localhost' })).scheme,
          ];`,
          { NODE_EXTRA_CA_CERTS: standing.caPath },
        ),
        [COS, 'https'],
      );
    });

    test('fetch', { skip: major < 18 ? 'this version has none' : false }, async () => {
      const url = `https://${COS}/a`;
      assert.deepEqual(
        await run(`
          const ask = async url => { const { host, scheme } = await (await fetch(url)).json(); return [scheme, host]; };
          return [await ask('${url}'), await ask('http://scf.tencentcloudapi.com/'), await ask('${url}')];`),
        [
          ['https', COS],
          ['http', 'scf.tencentcloudapi.com'],
          ['https', COS],
        ],
      );
    });

    test('http2 arrives and is told what the server speaks', async () => {
      const code = await run(`
        const session = require('http2').connect('https://${COS}');
        return new Promise(resolve => session.on('error', error => resolve(error.code)).on('connect', () => resolve('connected')));`);
      // A refused connection or an unknown name would be ECONNREFUSED or ENOTFOUND.
      assert.equal(code, major < 18 ? 'ECONNRESET' : 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    });

    test('ES modules see the same', { skip: major < 14 ? 'no ES modules yet' : false }, async () => {
      const module = join(standing.dir, `handler-${major}.mjs`);
      await writeFile(
        module,
        `import { lookup } from 'dns'; import { get } from 'https';
         export const main = () => new Promise(resolve => lookup('scf.tencentcloudapi.com', (_, address) =>
           get('https://scf.tencentcloudapi.com/', response => resolve([address, response.statusCode]))));`,
      );
      assert.deepEqual(await run(`return (await import(${JSON.stringify(pathToFileURL(module).href)})).main();`), [
        '127.97.0.1',
        200,
      ]);
    });

    test('a server with a name or an IPv6 address is reached as well', async t => {
      const { settings } = standing;
      const byName = await run(
        `return (await get(require('https'), 'https://${COS}/')).host;`,
        {},
        { ...settings, host: 'localhost' },
      );
      assert.equal(byName, COS);
      let six: Standing;
      try {
        six = await startStanding('::1');
      } catch {
        return t.diagnostic('this machine has no IPv6');
      }
      try {
        assert.deepEqual(
          await run(
            `const { address } = await require('dns').promises.lookup('${COS}');
             return [address, (await get(require('https'), 'https://${COS}/')).host];`,
            {},
            six.settings,
          ),
          ['::1', COS],
        );
      } finally {
        await six.close();
      }
    });
  });
}

test('this interpreter is among them', () => assert.ok(nodes.has(process.versions.node)));
