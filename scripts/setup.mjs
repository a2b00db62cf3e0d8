// Makes sure that the dependencies are there, then runs the rest of the command line with the pinned Node.
// Plain JavaScript for any Node from 18 on: this is all that an older Node ever runs of the project.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const zh = /^zh/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '');
const say = (chinese, english) => console.error(zh ? chinese : english);

const lockPath = join(root, 'package-lock.json');
const lock = readFileSync(lockPath, 'utf8');
/** The lock that the installed modules were made from; npm's own note of it has another form, but a date. */
const mark = join(root, 'node_modules', '.openscf-lock');
const npmMark = join(root, 'node_modules', '.package-lock.json');
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function installed() {
  if (!existsSync(node) || !existsSync(npmMark)) return false;
  // A lock that another branch brought back has a new date and the same text.
  return (
    statSync(npmMark).mtimeMs >= statSync(lockPath).mtimeMs || (existsSync(mark) && readFileSync(mark, 'utf8') === lock)
  );
}

/** npm tells which one is running; there may be another on the PATH. */
function npm() {
  const cli = process.env.npm_execpath;
  return cli && /\.c?js$/.test(cli)
    ? [process.execPath, [cli]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
}

function install() {
  say('正在安装依赖（npm ci）……', 'Installing dependencies (npm ci) …');
  const [program, first] = npm();
  const args = [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', shell: program.endsWith('.cmd') });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`;
  if (result.status === 0 && existsSync(node)) {
    writeFileSync(mark, lock);
    return;
  }
  console.error(output.trim());
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    say(
      '无法访问 npm 仓库：请检查网络或代理（npm config get registry），然后重试。',
      'The npm registry cannot be reached: check the network or the proxy (npm config get registry), then try again.',
    );
  } else say('npm ci 失败，原因见上。', 'npm ci failed; its reason stands above.');
  process.exit(1);
}

if (!installed()) install();

const [, , ...args] = process.argv;
if (args.length > 0) {
  const child = spawn(node, args, { stdio: 'inherit', cwd: root });
  // The terminal sends SIGINT to both; the child decides when to stop.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm passes a signal to its shell, which dies of it and tells nobody.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && child.kill('SIGTERM') && clearInterval(watch), 200);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch);
  child.on('exit', (code, signal) => {
    clearInterval(watch);
    process.exitCode = code ?? 1;
    if (!signal) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
