// Python: whatever is installed, the nearest version to the one asked for.

import type { FunctionVersion } from '../../../core/function.ts';
import { assetPath } from '../assets.ts';
import { choiceOf } from '../choose.ts';
import { managed, probe, programs } from '../find.ts';
import type { Interpreter, Language, Launch } from '../language.ts';

const NONE = {
  zh: '本机没有 Python：请安装 Python 3（或 2.7）并重启服务。',
  en: 'There is no Python on this machine: install Python 3 (or 2.7) and start the server again.',
};

export function pythonLanguage(path?: string): Language {
  let paths: readonly string[] | undefined;
  let search: Promise<readonly Interpreter[]> | undefined;
  const look = () => {
    paths ??= programs({ names: /^python[23](\.\d+)?$/, folders: managed('.pyenv/versions', 'bin') }, path);
    return paths;
  };
  const found = () => {
    search ??= Promise.all(look().map(one => probe(one, ['--version']))).then(all =>
      all.filter(one => one !== undefined && serves(one)).filter(one => one !== undefined),
    );
    return search;
  };
  return {
    name: 'Python',
    runtimes: ['Python2.7', 'Python3.6', 'Python3.7', 'Python3.9', 'Python3.10', 'Python3.11'],
    pattern: /^Python[23]\.\d{1,2}$/,
    obstacle: () => (look().length === 0 ? NONE : undefined),
    found,
    choose: async runtime => choiceOf(runtime, 'Python', await found(), 2),
    entryEnding: '.py',
    launch,
  };
}

/** The bootstrap runs on these. */
function serves(interpreter: Interpreter): boolean {
  const [major = 0, minor = 0] = interpreter.version.split('.').map(Number);
  return major === 2 ? minor === 7 : minor >= 6;
}

function launch(_version: FunctionVersion, interpreter: Interpreter, codeDir: string): Launch {
  return {
    command: interpreter.path,
    args: [assetPath('python/bootstrap.py')],
    env: {
      PYTHONDONTWRITEBYTECODE: 'x',
      PYTHONPATH: `${codeDir}:/opt`,
      // The cloud's locale is UTF-8 everywhere; here it may be missing.
      PYTHONIOENCODING: 'utf-8',
      PYTHONUTF8: '1',
    },
  };
}
