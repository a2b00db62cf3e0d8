// dist/: the program as one bundle for the published package, with what it reads beside it.

import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const languages = join(root, 'src', 'runtime', 'languages');

rmSync(dist, { recursive: true, force: true });
await build({
  entryPoints: {
    openscf: join(root, 'src', 'cli', 'main.ts'),
    // A thread has a file of its own: those who start it find it here.
    'events-thread': join(root, 'src', 'queue', 'sqlite', 'thread.ts'),
    'objects-thread': join(root, 'src', 'store', 'objects', 'thread.ts'),
    'sums-thread': join(root, 'src', 'blob', 'sums-thread.ts'),
  },
  outdir: dist,
  bundle: true,
  // Parts that are imported lazily stay out of the way until then: `openscf ls` does not load the server.
  splitting: true,
  chunkNames: 'part-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  logLevel: 'warning',
  banner: {
    // Libraries in CommonJS call `require` for what Node.js has built in.
    js: [
      '#!/usr/bin/env node',
      "import { createRequire as makeRequire } from 'node:module';",
      'const require = makeRequire(import.meta.url);',
    ].join('\n'),
  },
});
chmodSync(join(dist, 'openscf.js'), 0o755);

// Bootstraps run inside instances, in their own languages: src/runtime/languages/assets.ts finds them here.
for (const language of readdirSync(languages, { withFileTypes: true }).filter(entry => entry.isDirectory())) {
  for (const file of readdirSync(join(languages, language.name)).filter(name => /\.(cjs|py)$/.test(name))) {
    mkdirSync(join(dist, 'runtime', language.name), { recursive: true });
    cpSync(join(languages, language.name, file), join(dist, 'runtime', language.name, file));
  }
}
// A static program for each processor, with its hashes and the license of the C library in it.
const native = join(root, 'src', 'runtime', 'sandbox', 'native');
for (const file of ['linux-x64', 'linux-arm64', 'SHA256SUMS', 'COPYRIGHT.musl']) {
  cpSync(join(native, file), join(dist, 'sandbox', 'native', file));
}
cpSync(join(root, 'examples'), join(dist, 'examples'), { recursive: true });
