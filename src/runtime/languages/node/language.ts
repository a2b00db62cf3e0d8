// Node.js: this server's own interpreter always serves; an installed one of the asked major version is preferred.

import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FunctionVersion } from '../../../core/function.ts';
import { assetPath } from '../assets.ts';
import { choiceOf } from '../choose.ts';
import { managed, probe, programs } from '../find.ts';
import type { Interpreter, Language, Launch } from '../language.ts';

/** Older ones lack what the bootstrap stands on. */
const LOWEST_MAJOR = 12;
/** The rest is for young objects, code and buffers: V8's limit is for old objects alone. */
const HEAP_SHARE = 0.75;

export function nodeLanguage(): Language {
  let search: Promise<readonly Interpreter[]> | undefined;
  const found = () => {
    search ??= findNodes();
    return search;
  };
  return {
    name: 'Node.js',
    runtimes: [
      'Nodejs6.10',
      'Nodejs8.9',
      'Nodejs10.15',
      'Nodejs12.16',
      'Nodejs14.18',
      'Nodejs16.13',
      'Nodejs18.15',
      'Nodejs20.19',
      'Nodejs22.21',
      'Nodejs24.11',
    ],
    pattern: /^Nodejs\d{1,2}\.\d{1,2}$/,
    obstacle: () => undefined,
    found,
    choose: async runtime => choiceOf(runtime, 'Node.js', await found(), 1),
    entryEnding: '.js',
    launch,
  };
}

async function findNodes(): Promise<readonly Interpreter[]> {
  const own = { path: realpathSync(process.execPath), version: process.versions.node };
  const paths = programs({ names: /^node(js)?(-?\d+)?$/, folders: managed('.nvm/versions/node', 'bin') });
  const others = await Promise.all(paths.filter(path => path !== own.path).map(path => probe(path, ['--version'])));
  return [own, ...others.filter(one => one !== undefined && Number.parseInt(one.version, 10) >= LOWEST_MAJOR)].filter(
    one => one !== undefined,
  );
}

function launch(version: FunctionVersion, interpreter: Interpreter, codeDir: string): Launch {
  const heapMB = Math.floor(version.memoryMB * HEAP_SHARE);
  const own =
    version.environment.NODE_OPTIONS?.includes('max-old-space-size') ||
    version.environment.NODE_OPTIONS?.includes('max_old_space_size');
  const library = join(dirname(dirname(interpreter.path)), 'lib', 'node_modules');
  return {
    command: interpreter.path,
    args: [...(own ? [] : [`--max-old-space-size=${heapMB}`]), assetPath('node/bootstrap.cjs')],
    env: { NODE_PATH: [codeDir, join(codeDir, 'node_modules'), library, '/opt', '/opt/node_modules'].join(':') },
  };
}
