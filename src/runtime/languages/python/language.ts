// Python: whatever is installed, the nearest version to the one asked for.

import { dirname } from 'node:path';
import type { Places } from '../../sandbox/driver.ts';
import { assetPath } from '../assets.ts';
import { choiceOf, numbersOf } from '../choose.ts';
import { managed, PYTHON_PLACES, probe, programs } from '../find.ts';
import type { Choice, Interpreter, Language, LanguageSettings, Start, Tools } from '../language.ts';

const NONE = {
  zh: '本机没有 Python：请安装 Python 3（或 2.7）并重启服务。',
  en: 'There is no Python on this machine: install Python 3 (or 2.7) and start the server again.',
};

export interface PythonOptions {
  /** In place of PATH. */
  readonly path?: string;
  /** Where the libraries of a runtime are, once they are installed. */
  readonly librariesOf?: (runtime: string, interpreter: Interpreter) => string | undefined;
}

export function pythonLanguage({ path, librariesOf = () => undefined }: PythonOptions = {}): Language {
  let paths: readonly string[] | undefined;
  let search: Promise<readonly Interpreter[]> | undefined;
  const look = () => {
    paths ??= programs({ names: /^python[23](\.\d+)?$/, folders: managed(PYTHON_PLACES) }, path);
    return paths;
  };
  const found = () => {
    search ??= Promise.all(look().map(one => probe(one, ['--version']))).then(all =>
      all.filter(one => one !== undefined && serves(one)).filter(one => one !== undefined),
    );
    return search;
  };
  const available = async (runtime: string): Promise<Choice> => {
    const choice = choiceOf(runtime, 'Python', await found());
    return { ...choice, libraries: librariesOf(runtime, choice.interpreter) };
  };
  return {
    name: 'Python',
    runtimes: ['Python2.7', 'Python3.6', 'Python3.7', 'Python3.9', 'Python3.10', 'Python3.11'],
    pattern: /^Python[23]\.\d{1,2}$/,
    obstacle: () => (look().length === 0 ? NONE : undefined),
    found,
    choose: available,
    available,
    fetches: () => false,
    // Nobody has Python by version as Node.js is had; what the system lacks stays missing.
    async install() {},
    prefetch() {},
    close() {},
    entryEnding: '.py',
    start,
    countsAtStart: name => AT_START.test(name),
    settings,
    tools,
    variables: (_, { codeDir, optDir }, libraries) => ({
      ...VARIABLES,
      PYTHONPATH: [codeDir, optDir, ...(libraries === undefined ? [] : [libraries])].join(':'),
      // What it prints would come when its buffer is full, in the log of another request.
      PYTHONUNBUFFERED: '1',
    }),
  };
}

/** The bootstrap runs on these. */
function serves(interpreter: Interpreter): boolean {
  const [major = 0, minor = 0] = numbersOf(interpreter.version);
  return major === 2 ? minor === 7 : minor >= 6;
}

/** Read by the interpreter itself before it runs any code. */
const AT_START = /^(PYTHON(?!PATH$).*|LD_.*|MALLOC_.*|GLIBC_TUNABLES|LC_.*|LANG|OPENSSL_.*|SSL_CERT_.*)$/;

function start(interpreter: Interpreter): Start {
  const bootstrap = assetPath('python/bootstrap.py');
  return {
    command: interpreter.path,
    args: [bootstrap],
    env: VARIABLES,
    shows: [dirname(bootstrap), ...treeOf(interpreter)],
  };
}

const VARIABLES = {
  PYTHONDONTWRITEBYTECODE: 'x',
  // The cloud's locale is UTF-8 everywhere; here it may be missing.
  PYTHONIOENCODING: 'utf-8',
  PYTHONUTF8: '1',
};

/** The cloud's folders: Python 2.7 and 3.6 have those of their major versions. */
const HOMES = [
  'python2',
  'python3',
  'python37',
  'python38',
  'python39',
  'python310',
  'python311',
  'python312',
  'python313',
];

function tools(interpreter: Interpreter, runtime: string): Tools {
  const [major = 3, minor = 6] = numbersOf(runtime);
  const own = `python${numbersOf(interpreter.version)[0]}`;
  const names = ['python', own, ...Array.from({ length: 8 }, (_, i) => `python3.${6 + i}`), 'python2.7'];
  return {
    home: major === 2 || minor === 6 ? `python${major}` : `python${major}${minor}`,
    homes: HOMES,
    programs: Object.fromEntries(
      names.filter(name => name.startsWith(own) || name === 'python').map(name => [name, interpreter.path]),
    ),
    shows: treeOf(interpreter),
  };
}

/** An interpreter outside the system's folders brings its library along, in the folder above its own. */
function treeOf(interpreter: Interpreter): string[] {
  const root = dirname(dirname(interpreter.path));
  return root === '/usr' || root === '/' ? [] : [root];
}

function settings(_interpreter: Interpreter, places: Places, libraries: string | undefined): LanguageSettings {
  const path = [places.optDir, ...(libraries === undefined ? [] : [libraries])];
  return { env: { ...VARIABLES, PYTHONPATH: `${places.codeDir}:${places.optDir}` }, path };
}
