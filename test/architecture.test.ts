// Who may import whom, and who may ask the machine for the time or for chance.
// A new edge is a change of these tables, with its reason.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Import, importsOf, lineAt, sourceFiles, views } from './source.ts';

/**
 * Rooms by their folders (a file in src/ is a room with its folder: config.ts and config/).
 * `x/*` is each folder in x, which may not import its neighbours; `types of` allows imports that are gone at run time;
 * `own` is the service that stands behind a trigger kind or an API.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core'],
  queue: ['core'],
  blob: ['core'],
  bus: ['core'],
  http: ['core'],
  observe: ['core'],
  control: ['core', 'observe'],
  runtime: ['core', 'http', 'observe'],
  'services/*': ['core', 'http', 'observe'],
  // What all kinds share: the error table, parts of TriggerDesc, return values that are replies.
  triggers: ['core', 'http'],
  'triggers/*': ['core', 'http', 'triggers', 'types of own'],
  api: ['core', 'control', 'http'],
  'api/*': ['core', 'control', 'http', 'api', 'types of own'],
  importers: ['core', 'control', 'config'],
  console: ['core', 'http', 'observe'],
  // core: a command fails from the error table and waits on the clock like everything else.
  cli: ['core', 'config', 'http', 'importers'],
  testkit: ['config', 'src/server.ts'],
  config: ['core'],
  server: ['*'],
};

/** Single files that may do more than their room. */
const FILES_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/cli/start.ts': ['src/server.ts'],
  // It acts on the data folder where no server runs.
  'src/cli/runtime.ts': ['runtime'],
  // The tables of their rooms: every row comes from its folder.
  'src/triggers/index.ts': ['triggers/*'],
  'src/api/index.ts': ['api/*'],
  // One port, one door: our own views beside the Cloud API.
  'src/api/server.ts': ['api/openscf'],
};

/** Kinds whose service is called differently; others have their own name's. */
const SERVICE_OF: Readonly<Record<string, string>> = {
  apigw: 'apigateway',
  http: 'functionurl',
  websocket: 'apigateway',
  ckafka: 'kafka',
  eb: 'eventbridge',
};

/** Which room may use which package or which part of Node; what is not named here is refused or, for Node's parts, free. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  kysely: ['store', 'queue'],
  pg: ['store', 'queue', 'bus'],
  'node:sqlite': ['store', 'queue'],
  // The runtime reads what other programs print.
  zod: ['api', 'config', 'importers', 'server', 'runtime'],
  yaml: ['config', 'importers'],
  commander: ['cli'],
  pino: ['observe'],
  // control and importers look for the entry file in a package before it is stored or sent.
  yauzl: ['runtime', 'api', 'control', 'importers'],
  yazl: ['importers', 'api', 'cli'],
  tar: ['runtime'],
  croner: ['triggers/timer'],
  '@peculiar/x509': ['http'],
  // @peculiar/x509 wants it loaded first.
  'reflect-metadata': ['http'],
  'fast-xml-parser': ['services/cos'],
  ws: ['http', 'services/apigateway'],
  // Time comes from the clock.
  'node:timers': [],
  'node:timers/promises': [],
};

const AMBIENT: readonly RegExp[] = [
  /\bDate\.now\b/g,
  /\bnew Date\b(\(\s*\)|(?!\s*\())/g,
  /(?<!\.|\bnew )\bDate\(/g,
  /\bsetTimeout\b/g,
  /\bsetInterval\b/g,
  /\bMath\.random\b/g,
  /\brandomUUID\(/g,
  /\brandomBytes\(/g,
  /\brandomInt\(/g,
  /\bgetRandomValues\(/g,
];

/** Where time and chance come in, and the named exceptions. */
const MAY_BE_AMBIENT: Readonly<Record<string, string>> = {
  'src/core/clock.ts': 'the one reader of the system clock',
  'src/core/ids.ts': 'the one source of chance',
  'src/http/server.ts': 'transport deadlines of sockets: they are real time even where the clock is turned',
  'src/http/forward.ts': 'transport deadlines of sockets: they are real time even where the clock is turned',
  'src/http/http2.ts': 'transport deadlines of sockets: they are real time even where the clock is turned',
  'src/http/upstream/flow.ts': 'transport deadlines of sockets: they are real time even where the clock is turned',
  'src/http/upstream/host.ts': 'transport deadlines of sockets: they are real time even where the clock is turned',
  'src/runtime/languages/node/output.cjs': 'runs inside the function, where time is the user’s',
  'src/runtime/languages/node/bootstrap.cjs': 'runs inside the function, where time is the user’s',
};

const FILES = sourceFiles();
const PRODUCT = FILES.filter(file => !file.forTests);
const IMPORTS = new Map(FILES.map(({ path, text }) => [path, importsOf(path, text)]));

/** `core`, `services/cos`, `triggers` … */
function roomOf(path: string): string {
  const [, first = '', ...rest] = path.split('/');
  const nested = ['services', 'triggers', 'api'].includes(first) && rest.length > 1;
  return nested ? `${first}/${rest[0]}` : first.replace(/\.ts$/, '');
}

const rowOf = (room: string) => (room in MAY_IMPORT ? room : room.replace(/\/.*/, '/*'));

/** The sentence that refuses an import between files of src/, or undefined. */
function refuse(path: string, { target, typeOnly }: Pick<Import, 'target' | 'typeOnly'>): string | undefined {
  const from = roomOf(path);
  const to = roomOf(target);
  if (from === to) return undefined;
  const row = rowOf(from);
  const allowed = [...(MAY_IMPORT[row] ?? []), ...(FILES_MAY_IMPORT[path] ?? [])];
  const own = `services/${SERVICE_OF[from.replace(/.*\//, '')] ?? from.replace(/.*\//, '')}`;
  const takes = (entry: string) => {
    if (entry === '*' || entry === target || entry === to) return true;
    if (entry === 'types of own') return typeOnly && to === own;
    return entry.endsWith('/*') && to.startsWith(entry.slice(0, -1));
  };
  // Tables belong to those who list; a row that reads its table would be a cycle.
  const isTable = Object.hasOwn(FILES_MAY_IMPORT, target) && row !== 'server';
  if (allowed.some(takes) && !isTable) return undefined;
  if (to === own && !typeOnly && allowed.includes('types of own')) return `${from} may import only types of ${own}`;
  return `${row} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing'}, not ${to}`;
}

/** The package, or the whole name of a part of Node. */
function packageOf(specifier: string): string {
  if (isBuiltin(specifier)) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function refusePackage(path: string, specifier: string): string | undefined {
  const name = packageOf(specifier);
  const rooms = PACKAGES[name];
  if (!rooms) return isBuiltin(name) ? undefined : `no room may import ${name}: add it to PACKAGES with its room`;
  const room = roomOf(path);
  if (rooms.includes(room) || rooms.includes(room.replace(/\/.*/, ''))) return undefined;
  return rooms.length > 0 ? `${name} belongs to ${rooms.join(', ')} alone` : `${name} is for nobody: wait on the Clock`;
}

describe('the tree', () => {
  test('every room has its row', () => {
    const rooms = new Set(PRODUCT.map(file => rowOf(roomOf(file.path))));
    assert.deepEqual(
      [...rooms].filter(room => !(room in MAY_IMPORT)),
      [],
    );
  });

  test('imports follow the table', () => {
    const wrong: string[] = [];
    for (const { path } of PRODUCT)
      for (const found of IMPORTS.get(path) ?? []) {
        const { specifier, target, line } = found;
        const rule = specifier.startsWith('.') ? refuse(path, found) : refusePackage(path, specifier);
        if (rule) wrong.push(`${path}:${line} imports ${specifier}: ${rule}`);
        if (specifier.startsWith('.') && FILES.some(file => file.path === target && file.forTests))
          wrong.push(`${path}:${line} imports ${specifier}: that is for tests alone`);
      }
    assert.deepEqual(wrong, []);
  });

  test('what runs is installed with the product', () => {
    const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
    const wrong = PRODUCT.flatMap(({ path }) =>
      (IMPORTS.get(path) ?? [])
        .filter(({ specifier, typeOnly }) => !specifier.startsWith('.') && !isBuiltin(specifier) && !typeOnly)
        .filter(({ specifier }) => !Object.hasOwn(dependencies, packageOf(specifier)))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}: it is not in dependencies`),
    );
    assert.deepEqual(wrong, []);
  });

  test('no file imports itself through others', () => {
    assert.deepEqual(
      cycles(new Map(PRODUCT.map(({ path }) => [path, (IMPORTS.get(path) ?? []).map(it => it.target)]))),
      [],
    );
  });

  test('time and chance come through Clock and Ids', () => {
    const wrong = PRODUCT.filter(({ path }) => !Object.hasOwn(MAY_BE_AMBIENT, path)).flatMap(({ path, text }) =>
      ambient(text).map(({ word, line }) => `${path}:${line} says ${word}: wait on Clock, draw from Ids`),
    );
    assert.deepEqual(wrong, []);
  });

  test('every exception is still needed', () => {
    const text = new Map(FILES.map(file => [file.path, file.text]));
    assert.deepEqual(
      Object.keys(MAY_BE_AMBIENT).filter(path => ambient(text.get(path) ?? '').length === 0),
      [],
    );
  });
});

function ambient(text: string): { word: string; line: number }[] {
  const { bare } = views(text);
  return AMBIENT.flatMap(words =>
    [...bare.matchAll(words)].map(match => ({ word: match[0], line: lineAt(text, match.index) })),
  );
}

/** Each found once, as `a → b → a`. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) found.push([...trail.slice(at), node].join(' → '));
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) if (graph.has(next)) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

describe('the rules themselves', () => {
  const value = (target: string) => ({ target, typeOnly: false });
  const types = (target: string) => ({ target, typeOnly: true });

  const allowed: readonly (readonly [string, ReturnType<typeof value>])[] = [
    ['src/core/a.ts', value('src/core/b.ts')],
    ['src/triggers/apigw/kind.ts', types('src/services/apigateway/gateway.ts')],
    ['src/triggers/apigw/kind.ts', value('src/triggers/errors.ts')],
    ['src/triggers/index.ts', value('src/triggers/apigw/kind.ts')],
    ['src/api/apigateway/apis.ts', types('src/services/apigateway/gateway.ts')],
    ['src/cli/start.ts', value('src/server.ts')],
    ['src/config.ts', value('src/config/load.ts')],
    ['src/server.ts', value('src/triggers/index.ts')],
    ['src/server/ports.ts', value('src/store/sqlite.ts')],
  ];
  for (const [path, found] of allowed)
    test(`${path} may import ${found.target}`, () => assert.equal(refuse(path, found), undefined));

  const refused: readonly (readonly [string, ReturnType<typeof value>])[] = [
    ['src/core/a.ts', types('src/http/site.ts')],
    ['src/store/a.ts', value('src/queue/b.ts')],
    ['src/control/a.ts', value('src/store/sqlite.ts')],
    ['src/control/a.ts', types('src/services/cos/cos.ts')],
    ['src/services/cos/a.ts', types('src/services/cls/b.ts')],
    ['src/services/cos/a.ts', value('src/control/control.ts')],
    ['src/triggers/apigw/kind.ts', value('src/services/apigateway/gateway.ts')],
    ['src/triggers/apigw/kind.ts', types('src/services/cos/cos.ts')],
    ['src/triggers/timer/kind.ts', value('src/triggers/apigw/desc.ts')],
    ['src/triggers/timer/kind.ts', types('src/triggers/index.ts')],
    ['src/triggers/errors.ts', value('src/triggers/timer/kind.ts')],
    ['src/api/scf/invoke.ts', value('src/api/cos/put.ts')],
    ['src/api/apigateway/apis.ts', value('src/services/apigateway/gateway.ts')],
    ['src/cli/ls.ts', value('src/server.ts')],
    ['src/cli/start.ts', value('src/server/data.ts')],
    ['src/cli/ls.ts', value('src/control/control.ts')],
    ['src/http/router.ts', value('src/server.ts')],
  ];
  for (const [path, found] of refused)
    test(`${path} may not import ${found.target}`, () => assert.notEqual(refuse(path, found), undefined));

  test('packages', () => {
    assert.equal(refusePackage('src/store/sqlite.ts', 'kysely'), undefined);
    assert.equal(refusePackage('src/api/scf/code.ts', 'zod'), undefined);
    assert.equal(refusePackage('src/triggers/timer/listen.ts', 'croner'), undefined);
    assert.equal(refusePackage('src/core/ids.ts', 'node:crypto'), undefined);
    assert.match(refusePackage('src/core/ids.ts', 'zod') ?? '', /zod belongs to api, config/);
    assert.match(refusePackage('src/triggers/cos/listen.ts', 'croner') ?? '', /triggers\/timer alone/);
    assert.match(refusePackage('src/http/tls.ts', 'left-pad/deep') ?? '', /^no room may import left-pad:/);
    assert.match(refusePackage('src/http/tls.ts', 'node:timers/promises') ?? '', /Clock/);
  });

  test('cycles', () => {
    assert.deepEqual(cycles(new Map(Object.entries({ a: ['b', 'c'], b: ['c'], c: ['gone'] }))), []);
    assert.deepEqual(cycles(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] }))), ['b → c → b']);
    assert.deepEqual(cycles(new Map(Object.entries({ a: ['a'] }))), ['a → a']);
  });

  test('ambient words count in code, not in comments and texts', () => {
    const words = (text: string) => ambient(text).map(({ word, line }) => `${line} ${word}`);
    assert.deepEqual(words('a();\nreturn Date.now();'), ['2 Date.now']);
    assert.deepEqual(words('// Date.now()\n/* setTimeout */ "Math.random" `randomUUID()`'), []);
    assert.deepEqual(words(`const t = \`at $\{new Date()}\`;`), ['1 new Date()']);
    assert.deepEqual(words('new Date(ms); Date.parse(x); toDate(x); clock.now();'), []);
    assert.deepEqual(words('const r = /[\'"`]/;\nsetTimeout(f, 1);'), ['2 setTimeout']);
    assert.deepEqual(words('const x = a / b; // "\nsetInterval(f);'), ['2 setInterval']);
    assert.deepEqual(words("import { randomBytes } from 'node:crypto';\nrandomBytes(4)"), ['2 randomBytes(']);
  });

  test('imports are found however they are written', () => {
    const text = [
      "import a from './a.ts';",
      "import type { B } from './b.ts';",
      'import {',
      '  c,',
      "  type C } from '../c.ts';",
      "import 'node:side-effect';",
      "export { d } from './d.ts';",
      "export type { E } from './e.ts';",
      "const f = await import('./f.ts');",
      "type G = typeof import('./g.ts');",
      "// import h from './h.ts';",
      'const text = `',
      "import i from './i.ts';",
      '`;',
      "export const j = './j.ts';",
      "import type from './k.ts';",
      "export * from './l.ts';",
    ].join('\n');
    assert.deepEqual(
      importsOf('src/room/x.ts', text).map(
        ({ target, line, typeOnly }) => `${line} ${typeOnly ? 'type ' : ''}${target}`,
      ),
      [
        '1 src/room/a.ts',
        '2 type src/room/b.ts',
        '3 src/c.ts',
        '6 node:side-effect',
        '7 src/room/d.ts',
        '8 type src/room/e.ts',
        '9 src/room/f.ts',
        '10 type src/room/g.ts',
        '16 src/room/k.ts',
        '17 src/room/l.ts',
      ],
    );
  });
});
