// A function that misses a library which the cloud has preinstalled is told which command brings it.

import { type Absent, type Library, stockOf } from './documented.ts';

/** Node.js, its ES modules, Python 3, Python 2. */
const MISSING: readonly RegExp[] = [
  /Cannot find module '([^']+)'/,
  /Cannot find package '([^']+)'/,
  /No module named '([^']+)'/,
  /(?:ImportError|ModuleNotFoundError): No module named ([\w.-]+)/,
];

/** A line for the function's log, without its newline; empty when the error is of another kind. */
export function hintFor(runtime: string, errorText: string): string {
  const stock = stockOf(runtime);
  const missing = MISSING.map(words => words.exec(errorText)?.[1]).find(name => name !== undefined);
  if (!stock || missing === undefined) return '';
  const root = rootOf(missing, stock.tool);
  const brings = ({ name, imports = [name] }: Library | Absent) => imports.includes(root);
  const found = stock.libraries.find(brings);
  if (found) {
    return `[PLATFORM] ${root} is among the libraries for ${runtime} that are not in the code package; install them with: openscf runtime install ${runtime}`;
  }
  return stock.absent.some(brings)
    ? `[PLATFORM] The cloud has ${root} preinstalled for ${runtime}, this server has not; put it into the code package or a layer.`
    : '';
}

/** The package of a path within it: `lodash/fp`, `@scope/name/file`, `tencentcloud.common`. */
function rootOf(name: string, tool: 'npm' | 'pip'): string {
  if (tool === 'pip') return name.split('.', 1).join('');
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}
