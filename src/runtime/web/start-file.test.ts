import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readStartFile } from './start-file.ts';

let dir: string;
let count = 0;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'start-file-'));
});
after(() => rm(dir, { recursive: true }));

async function fault(content: string | Buffer, mode = 0o755): Promise<string | undefined> {
  const codeDir = join(dir, String(++count));
  await mkdir(codeDir);
  const path = join(codeDir, 'scf_bootstrap');
  await writeFile(path, content);
  await chmod(path, mode);
  const found = await readStartFile(codeDir);
  assert.ok(found);
  return found.fault;
}

test('what the cloud would run is run', async () => {
  assert.equal(await fault('#!/bin/bash\n/var/lang/node16/bin/node app.js\n'), undefined);
  assert.equal(await fault('#! /usr/bin/env python3\nprint(1)\n', 0o744), undefined);
  assert.equal(await fault(Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.from('a\r\nb')])), undefined);
});

test('what could not be run says what to do, in both languages', async () => {
  assert.match((await fault('#!/bin/bash\n', 0o644)) ?? '', /chmod 755 scf_bootstrap.*没有执行权限/s);
  assert.match((await fault('#!/bin/bash\r\nnode app.js\r\n')) ?? '', /CRLF.*save it with LF.*请改为 LF/s);
  assert.match((await fault('node app.js\n')) ?? '', /#!\/bin\/bash.*首行/s);
  assert.match((await fault('\ufeff#!/bin/bash\n')) ?? '', /byte order mark.*BOM/s);
  assert.match((await fault('')) ?? '', /must begin with the line/);
});

test('no file, or something else of that name, is told apart', async () => {
  assert.equal(await readStartFile(join(dir, 'nowhere')), undefined);
  const folder = join(dir, 'folder');
  await mkdir(join(folder, 'scf_bootstrap'), { recursive: true });
  assert.match((await readStartFile(folder))?.fault ?? '', /is not a file/);
});

test('its text is given, as far as it is read', async () => {
  const codeDir = join(dir, 'text');
  await mkdir(codeDir);
  await writeFile(join(codeDir, 'scf_bootstrap'), `#!/bin/bash\n${'#'.repeat(100_000)}`, { mode: 0o755 });
  assert.equal((await readStartFile(codeDir))?.text.length, 65536);
});
