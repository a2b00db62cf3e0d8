// What stands in for requests, on every Python 3 of this machine; the library itself, where it is, must say the same.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Bench, bench } from '../../testing.ts';
import { printed, type Standing, startStanding } from '../testing-names.ts';
import { pythonLanguage } from './language.ts';

const pythons = (await pythonLanguage().found()).filter(one => one.version.startsWith('3.'));
const FILE = join(import.meta.dirname, 'requests.py');
const STAND_IN = `import importlib.util, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location('requests', ${JSON.stringify(FILE)})
sys.modules['requests'] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules['requests'])
`;
const HEAD = `import json, sys
import requests
url = sys.argv[1]
def show(value):
    print(json.dumps(value))
def failed(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, isinstance(error, requests.exceptions.RequestException)]
`;

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let server: Server;
let url = '';
before(async () => {
  server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const { method = '', url: path = '', headers } = request;
    const [, status, to] = /^\/(\d{3})(?:\?to=(.*))?$/.exec(path) ?? [];
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b="two"']);
    if (path === '/late') return;
    if (path === '/stuck') return void response.write('x');
    if (path === '/packed')
      return response.setHeader('Content-Encoding', 'gzip').end(gzipSync('packed'.repeat(50_000)));
    if (path === '/spoilt') return response.setHeader('Content-Encoding', 'gzip').end('no gzip');
    if (path === '/circle') return void response.writeHead(302, { Location: path }).end();
    if (path === '/cut')
      return void response.writeHead(200, { 'Content-Length': '9' }).write('x', () => response.destroy());
    if (path === '/latin')
      return response.setHeader('Content-Type', 'text/plain').end(Buffer.from('caf\xe9', 'latin1'));
    if (path === '/no-json') return response.end('<p>');
    if (path === '/lines') return response.end('one\r\ntwo\n\nthree');
    if (status) response.statusCode = Number(status);
    if (to) response.setHeader('Location', decodeURIComponent(to));
    response.setHeader('Content-Type', 'application/json; charset=utf-8').setHeader('X-Twice', ['one', 'two']);
    response.end(JSON.stringify({ method, url: path, headers, body }));
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Of today: over urllib3 1 it takes a body that was cut short for a whole one. */
const REAL = "import sys, requests, urllib3; sys.exit(int(urllib3.__version__.split('.')[0]) < 2)";
const hasReal = (path: string) => spawnSync(path, ['-c', REAL]).status === 0;
const real = pythons.find(one => hasReal(one.path));
const [first, ...others] = pythons.toSorted(
  (a, b) => Number.parseFloat(a.version.slice(2)) - Number.parseFloat(b.version.slice(2)),
);
const subjects = [
  ...[first, others.at(-1)]
    .filter(one => one !== undefined)
    .map(one => ({ name: `Python ${one.version}`, path: one.path, head: STAND_IN })),
  ...(real ? [{ name: `the library itself, on ${real.version}`, path: real.path, head: '' }] : []),
];
if (pythons.length === 0) test('requests', { skip: 'no Python 3' });

for (const { name, path, head } of subjects)
  describe(name, () => {
    const run = (body: string, at = url) => printed(path, ['-c', `${head}${HEAD}${body}`, at], { LC_ALL: 'C.UTF-8' });
    const arrived = async (call: string) => (await run(`show(requests.${call}.json())`)) as Arrived;

    const bodies: readonly (readonly [call: string, body: string, type: string | undefined])[] = [
      ["post(url, json={'a': '中'})", '{"a": "\\u4e2d"}', 'application/json'],
      ["post(url, data={'a': 'x y', 'b': [1, 2], 'c': None})", 'a=x+y&b=1&b=2', 'application/x-www-form-urlencoded'],
      ["post(url, data=[('a', '1'), ('a', '2')])", 'a=1&a=2', 'application/x-www-form-urlencoded'],
      ["post(url, data='text', headers={'Content-Type': 'a/b'})", 'text', 'a/b'],
      ["put(url, data=b'bytes')", 'bytes', undefined],
      ["patch(url, data='é'.encode('utf-8'))", 'é', undefined],
      ["post(url, data=__import__('io').BytesIO(b'file'))", 'file', undefined],
      ['post(url)', '', undefined],
      ["post(url, data={}, json={'a': 1})", '{"a": 1}', 'application/json'],
    ];
    test('bodies', async () => {
      const calls = bodies.map(([call]) => `requests.${call}.json()`).join(',\n  ');
      const all = (await run(`show([${calls}])`)) as Arrived[];
      bodies.forEach(([call, body, type], i) => {
        const { body: came, headers } = all[i] ?? { body: '', headers: {} as Arrived['headers'] };
        assert.deepEqual(
          [came, headers['content-type'], headers['content-length']],
          [body, type, String(Buffer.byteLength(body))],
          call,
        );
      });
    });

    test('methods, queries, headers, user and cookies', async () => {
      const shown = await run(`def seen(r):
    return r.json()['method'], r.json()['url']
show([seen(one) for one in (requests.get(url), requests.put(url), requests.patch(url), requests.delete(url),
  requests.options(url), requests.request('purge', url),
  requests.get(url + '/p', params={'a': 'x y', 'b': ['1', '2'], 'n': None}), requests.get(url + '/p?c=%20', 'd=1'),
  requests.get(url + '/中/a b?q=é#part'))])`);
      assert.deepEqual(shown, [
        ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE'].map(method => [method, '/']),
        ...['/p?a=x+y&b=1&b=2', '/p?c=%20&d=1', '/%E4%B8%AD/a%20b?q=%C3%A9'].map(path => ['GET', path]),
      ]);
      const { headers } = await arrived(
        "get(url, headers={'X-A': 'b', 'accept': 'text/html'}, auth=('user', 'pass'), cookies={'c': 'd'})",
      );
      assert.deepEqual(
        [headers['x-a'], headers.accept, headers.authorization, headers.cookie],
        ['b', 'text/html', 'Basic dXNlcjpwYXNz', 'c=d'],
      );
      assert.match(headers['user-agent'] ?? '', /^python-requests\//);
      const user = await arrived("get(url.replace('//', '//us%40er:pa@'))");
      assert.equal(user.headers.authorization, `Basic ${Buffer.from('us@er:pa').toString('base64')}`);
    });

    test('an answer', async () => {
      const shown = await run(`r = requests.get(url + '/404')
show([r.status_code, r.reason, r.ok, bool(r), r.url, r.encoding, r.headers['content-TYPE'], 'x-twice' in r.headers,
  r.headers.get('X-Twice'), r.headers.get('X-None'), r.cookies['a'], r.content.decode() == r.text, r.history,
  r.elapsed.total_seconds() > 0, failed(r.raise_for_status), r.status_code == requests.codes.not_found])`);
      assert.deepEqual(shown, [
        ...[404, 'Not Found', false, false, `${url}/404`, 'utf-8', 'application/json; charset=utf-8', true],
        ...['one, two', null, '1', true, [], true, ['HTTPError', true], true],
      ]);
      assert.deepEqual(await run(`show(requests.get(url + '/latin').text)`), 'café');
      assert.deepEqual(await run(`show(requests.get(url + '/packed').text == 'packed' * 50000)`), true);
      assert.deepEqual(await run(`show(failed(requests.get(url + '/no-json').json))`), ['JSONDecodeError', true]);
      assert.deepEqual(await run(`r = requests.head(url)\nshow([r.status_code, r.text])`), [200, '']);
    });

    test('an answer in parts', async () => {
      const body = `with requests.get(url + '/lines', stream=True) as r:
    lines = [line.decode() for line in r.iter_lines()]
r = requests.get(url + '/lines', stream=True)
show([lines, b''.join(r.iter_content(3)).decode(), [len(one) for one in requests.get(url + '/lines').iter_content(10)]])`;
      assert.deepEqual(await run(body), [['one', 'two', '', 'three'], 'one\r\ntwo\n\nthree', [10, 5]]);
    });

    const redirects: readonly (readonly [status: number, method: string, then: string, body: string])[] = [
      [301, 'post', 'GET', ''],
      [302, 'post', 'GET', ''],
      [303, 'put', 'GET', ''],
      [307, 'post', 'POST', 'x'],
      [308, 'post', 'POST', 'x'],
      [302, 'put', 'GET', ''],
      [301, 'put', 'PUT', ''],
    ];
    test('redirects change the method as the library does', async () => {
      const shown = await run(`def led(status, method):
    r = getattr(requests, method)(url + '/%d?to=%%2Fend' % status, data='x')
    return [r.json()['method'], r.json()['body'], r.url == url + '/end', [one.status_code for one in r.history]]
show([${redirects.map(([status, method]) => `led(${status}, '${method}')`)}])`);
      const expected = redirects.map(([status, , then, body]) => [then, body, true, [status]]);
      assert.deepEqual(shown, expected);
    });

    test('redirects that are not wanted, lead in a circle, or leave the server', async () => {
      const away = encodeURIComponent(`${url.replace('127.0.0.1', 'localhost')}/end`);
      const shown = await run(`r = requests.get(url + '/302?to=%2Fend', allow_redirects=False)
left = requests.get(url + '/302?to=${away}', auth=('a', 'b')).json()
show([r.status_code, r.is_redirect, r.headers['Location'], requests.head(url + '/302?to=%2F').status_code,
  failed(lambda: requests.get(url + '/circle')), left['url'], left['headers'].get('authorization')])`);
      assert.deepEqual(shown, [302, true, '/end', 302, ['TooManyRedirects', true], '/end', null]);
    });

    test('failures have their names', async () => {
      const silent = createTcpServer(socket => void socket.on('error', () => {}).end('nonsense\r\n\r\n'));
      await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as AddressInfo;
      const shown = await run(`
def stuck(seconds=0.2):
    try:
        requests.get(url + '/stuck', timeout=seconds)
    except requests.exceptions.ReadTimeout:
        # Its head had not come yet.
        if seconds > 20: raise
        stuck(seconds * 10)
show([
  failed(lambda: requests.get('http://127.0.0.1:1/')), failed(lambda: requests.get('http://no-such-host.invalid/')),
  failed(lambda: requests.get(url + '/late', timeout=0.2)), failed(lambda: requests.get(url + '/late', timeout=(60, 0.2))),
  failed(lambda: requests.get('http://127.0.0.1:${port}/')),
  failed(lambda: requests.get('127.0.0.1')), failed(lambda: requests.get('ftp://host/')), failed(lambda: requests.get('http://')),
  failed(lambda: requests.get(url + '/cut')), failed(stuck),
  failed(lambda: requests.get(url + '/spoilt'))])`);
      silent.close();
      assert.deepEqual(shown, [
        ...[
          ['ConnectionError', true],
          ['ConnectionError', true],
          ['ReadTimeout', true],
          ['ReadTimeout', true],
        ],
        ...[
          ['ConnectionError', true],
          ['MissingSchema', true],
          ['InvalidSchema', true],
          ['InvalidURL', true],
        ],
        ...[
          ['ChunkedEncodingError', true],
          ['ConnectionError', true],
          ['ContentDecodingError', true],
        ],
      ]);
    });

    test('a session keeps headers, parameters, user and cookies', async () => {
      const shown = (await run(`with requests.Session() as s:
    s.headers.update({'X-A': 'b'})
    s.params = {'p': '1'}
    s.auth = ('user', 'pass')
    s.get(url)
    show(s.post(url + '/two', params={'q': '2'}, headers={'x-a': None}).json())`)) as Arrived;
      assert.deepEqual(
        [shown.url, shown.headers['x-a'], shown.headers.authorization, shown.headers.cookie],
        ['/two?p=1&q=2', undefined, 'Basic dXNlcjpwYXNz', 'a=1; b="two"'],
      );
    });

    describe('over TLS', () => {
      let standing: Standing;
      before(async () => {
        standing = await startStanding();
      });
      after(() => standing.close());

      test('the certificate is checked, against the one given, or not', async () => {
        const at = `https://localhost:${standing.settings.ports[443]}`;
        const shown = await run(
          `import warnings
warnings.simplefilter('ignore')
show([failed(lambda: requests.get(url)), requests.get(url, verify=False).json()['scheme'],
  requests.get(url, verify=${JSON.stringify(standing.caPath)}).json()['servername']])`,
          at,
        );
        assert.deepEqual(shown, [['SSLError', true], 'https', 'localhost']);
      });
    });

    if (head === '') return;
    test('what is not in it is refused with the command that brings the library', async () => {
      const shown = (await run(`def said(call):
    try:
        call()
    except (NotImplementedError, AttributeError) as error:
        return str(error)
show([said(lambda: requests.post(url, files={'f': b'x'})), said(lambda: requests.get(url, proxies={'http': 'http://p'})),
  said(lambda: requests.get(url, auth=object())), said(lambda: requests.get(url, cert='x')),
  said(lambda: requests.post(url, data=iter([b'x'])))] + ([said(lambda: requests.adapters)] if sys.version_info >= (3, 7) else []))`)) as string[];
      for (const one of shown) assert.match(one, /openscf runtime install Python3\.\d+$/);
      assert.deepEqual(
        await run(`try:
    import requests.adapters
except ImportError as error:
    show(str(error)[:36])`),
        "No module named 'requests.adapters';",
      );
    });
  });

describe('in a function', { skip: pythons.length === 0 && 'no Python 3' }, () => {
  let b: Bench & AsyncDisposable;
  before(async () => {
    b = await bench();
  });
  after(() => b[Symbol.asyncDispose]());
  const hidden = "import sys\nsys.path[:] = [one for one in sys.path if '-packages' not in one]\n";
  const handler = `import requests\ndef main_handler(event, context):\n    return [requests.post(event['url'], json=event).json()['body'], requests.__version__]\n`;

  test('it is there where the library is not', async () => {
    const version = await b.version({ 'index.py': hidden + handler }, { name: 'none', runtime: 'Python3.10' });
    const outcome = await b.run(version, { url });
    assert.deepEqual(JSON.parse(outcome.body.toString()), [JSON.stringify({ url }).replace(':', ': '), '0+openscf']);
  });

  test('one of the code package, even of a folder that the code adds, goes before it', async () => {
    const mine = `__version__ = 'mine'\n`;
    const look = `import requests\ndef main_handler(event, context):\n    return requests.__version__\n`;
    const files = { 'index.py': `import sys\nsys.path.append('libs')\n${look}`, 'libs/requests.py': mine };
    const version = await b.version(
      { ...files, 'index.py': hidden + files['index.py'] },
      { name: 'mine', runtime: 'Python3.10' },
    );
    assert.equal((await b.run(version, {})).body.toString(), '"mine"');
  });
});
