// What a function tries in order to read files of the server, the machine and other functions.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Attack, type Ground, ground, ownUsers, SECRET, sandboxed } from './escape.ts';

/** Each path as text, list and link: what is there, or the code of the failure. */
const LOOK = `
  const fs = require('fs');
  return event.paths.map(path =>
    [() => fs.readFileSync(path, 'latin1'), () => fs.readdirSync(path), () => fs.readlinkSync(path)].map(attempt));`;

describe('files that are not the function’s', sandboxed, () => {
  let at: Ground;
  let attack: Attack;
  let victim: Attack;
  let elsewhere: string;
  let sockets: Server[] = [];

  before(async () => {
    at = await ground();
    attack = await at.attack('attacker', { layers: [] });
    victim = await at.attack('victim', { environment: { PASSWORD: SECRET } });
    assert.equal(await victim.node('return process.env.PASSWORD'), SECRET);
    elsewhere = await mkdtemp(join(tmpdir(), 'openscf-elsewhere-'));
    await mkdir(join(elsewhere, 'project'));
    await writeFile(join(elsewhere, 'project', 'notes'), SECRET, { mode: 0o666 });
    await writeFile(join(at.dir, 'secret'), SECRET, { mode: 0o666 });
    sockets = await Promise.all([join(at.dir, 'socket'), join(elsewhere, 'socket')].map(listening));
  });
  after(async () => {
    for (const server of sockets) server.close();
    await at?.[Symbol.asyncDispose]();
    if (elsewhere) await rm(elsewhere, { recursive: true });
  });

  /** The reasons why nothing could be seen; fails when something could. */
  async function blind(...paths: readonly string[]): Promise<string[]> {
    const found = await attack.node<unknown[][]>(LOOK, { paths });
    return [
      ...new Set(found.flat().map(one => (typeof one === 'string' && /^E[A-Z]+$/.test(one) ? one : `saw ${one}`))),
    ];
  }

  test('the server’s data folder', async () => {
    assert.equal(readFileSync(join(at.dir, 'secret'), 'utf8'), SECRET);
    const paths = ['', 'secret', 'code', 'sandbox', 'sandbox/turns', 'sandbox/tmp'].map(name => join(at.dir, name));
    for (const path of paths) assert.ok(existsSync(path), path);
    assert.deepEqual(await blind(...paths), ['ENOENT']);
  });

  test('another function’s code, where the server keeps it', async () => {
    const folder = join(at.dir, 'code', victim.version.code.sha256);
    assert.ok(existsSync(join(folder, 'index.js')));
    assert.deepEqual(await blind(folder, join(folder, 'index.js')), ['ENOENT']);
  });

  test('another function’s environment', async () => {
    const found = await attack.node<string[]>(`
      const fs = require('fs');
      return fs.readdirSync('/proc').filter(name => /^\\d+$/.test(name)).map(pid => attempt(() => fs.readFileSync('/proc/' + pid + '/environ', 'latin1')));`);
    assert.ok(found.length >= 2 && found.length <= 4, `${found.length} processes`);
    assert.deepEqual(
      found.filter(text => text.includes(SECRET) || text.includes('PATH=/root')),
      [],
    );
    assert.ok(found.includes('EACCES'), 'that of the first process is closed');
  });

  test('files of people and services of the machine', async () => {
    assert.ok(existsSync('/etc/shadow'));
    const paths = ['/etc/shadow', '/etc/sudoers', '/etc/ssh', '/etc/machine-id', '/root', '/home/ubuntu', '/var/lib'];
    const more = ['/var/log', '/var/run', '/var/spool', '/boot', '/srv', '/mnt', '/media', '/lost+found', '/sys'];
    // The way to the interpreter and to this project is there, as empty folders.
    const hidden = [...paths, ...more].filter(
      path => ![process.execPath, import.meta.dirname].some(used => used.startsWith(`${path}/`)),
    );
    assert.deepEqual(await blind(...hidden), ['ENOENT']);
  });

  test('files that everybody may read, in a folder of somebody', async () => {
    const path = join(elsewhere, 'project', 'notes');
    assert.equal(readFileSync(path, 'utf8'), SECRET);
    assert.deepEqual(await blind(path, join(elsewhere, 'project'), import.meta.dirname), ['ENOENT']);
  });

  test('the socket of a service, by its path', async () => {
    for (const folder of [at.dir, elsewhere]) {
      const socket = connect(join(folder, 'socket'));
      assert.equal(String((await once(socket, 'data'))[0]), SECRET);
    }
    const found = await attack.node<string[]>(
      `return Promise.all(event.paths.map(path => new Promise(resolve =>
        require('net').connect(path).on('data', String).on('connect', () => resolve('connected')).on('error', error => resolve(error.code)))))`,
      { paths: [join(at.dir, 'socket'), join(elsewhere, 'socket'), '/run/docker.sock', '/run/dbus/system_bus_socket'] },
    );
    assert.deepEqual([...new Set(found)], ['ENOENT']);
  });

  test('`..` above the code, however often', async () => {
    const lists = await attack.node<string[][]>(`
      const fs = require('fs');
      const up = ['/var/user/..', '/var/user/../../../..', '/proc/self/root/..', '/proc/self/cwd/../..', '/opt/../../..'];
      return up.map(path => fs.readdirSync(path));`);
    assert.deepEqual(lists[0], ['user']);
    const root = lists[1];
    assert.ok(root?.includes('usr') && !root.includes('root') && !root.includes('sys'), `${root}`);
    for (const one of lists.slice(2)) assert.deepEqual(one, root);
    assert.deepEqual(await blind(`/var/user/../../../..${at.dir}`, `/proc/self/root/..${at.dir}`), ['ENOENT']);
  });

  test('through the first process: its root, folder, files and memory', async () => {
    const names = [
      'root',
      'cwd',
      'exe',
      'environ',
      'maps',
      'mem',
      'auxv',
      'io',
      'fd/0',
      'fd/3',
      'ns/mnt',
      'ns/net',
      'map_files',
    ];
    const found = await attack.node<string[]>(
      `const fs = require('fs');
       return event.names.flatMap(name => {
         const path = '/proc/1/' + name;
         return [() => fs.readdirSync(path + '/'), () => fs.readFileSync(path), () => fs.readFileSync(path + event.file)].map(attempt);
       })`,
      { names, file: join(at.dir, 'secret') },
    );
    const reasons = new Set(found.map(one => (typeof one === 'string' ? one : 'saw it')));
    for (const reason of reasons) assert.match(reason, /^(?:EACCES|EISDIR|ENOENT|ENOTDIR|EPERM)$/);
    assert.ok(reasons.has('EACCES'));
  });

  test('links of its own to other places', async () => {
    const found = await attack.node<string[]>(
      `const fs = require('fs');
       return event.paths.map((path, i) => attempt(() => {
         fs.symlinkSync(path, '/tmp/link' + i);
         return fs.readdirSync('/tmp/link' + i);
       }))`,
      { paths: ['/root', at.dir, `../../../../..${at.dir}`, '/proc/1/root', `/proc/self/root${at.dir}`] },
    );
    assert.deepEqual(found, ['ENOENT', 'ENOENT', 'ENOENT', 'EACCES', 'ENOENT']);
  });

  for (const target of ['/etc/shadow', '/', '..', '../../secret', 'a/../../../secret', '/var/user/../..'])
    test(`a link in the package to ${target}`, async () => {
      const link = { text: target, mode: 0o120777 };
      const version = await at.version({ 'index.js': 'exports.main_handler = async () => 1', one: link });
      const reason = await at.runtime.prepare(version);
      assert.equal(reason?.ErrorCode, 'InvalidParameterValue.ZipFile');
    });

  test('links that somebody lays into unpacked code on the machine lead nowhere else', async () => {
    // What a wrong unpacker would leave behind: the mount still holds.
    const other = await at.attack('linked', { environment: {} });
    const version = await at.version({ 'index.js': 'exports.main_handler = async () => null // linked' });
    assert.equal(await at.runtime.prepare(version), undefined);
    const folder = join(at.dir, 'code', version.code.sha256);
    await symlink(join(at.dir, 'secret'), join(folder, 'absolute'));
    await symlink('../../secret', join(folder, 'relative'));
    assert.equal(readFileSync(join(folder, 'relative'), 'utf8'), SECRET);
    await writeFile(
      join(folder, 'index.js'),
      `const fs = require('fs'); exports.main_handler = async () => ['absolute', 'relative'].map(name => {
        try { return fs.readFileSync('/var/user/' + name, 'utf8') } catch (error) { return error.code } })`,
    );
    const outcome = await at.run({ ...version, name: other.version.name, id: 'lam-linked' });
    assert.equal(String(outcome.body), '["ENOENT","ENOENT"]');
  });

  test('no descriptor of the server is left over, and those there are lead nowhere', async () => {
    const found = await attack.node<[string, string, string][]>(`
      const fs = require('fs');
      return fs.readdirSync('/proc/self/fd').filter(fd => fd <= 4 || !/^(anon_inode|pipe|socket|\\/proc)/.test(attempt(() => fs.readlinkSync('/proc/self/fd/' + fd)))).map(fd =>
        [fd, attempt(() => fs.readlinkSync('/proc/self/fd/' + fd)), attempt(() => fs.readdirSync('/proc/self/fd/' + fd + '/..'))])`);
    const kinds = found.map(([fd, leads]) => `${fd} ${leads.replace(/\[.*|#.*|^\/.*\/turns\//g, '')}`);
    // The process opens random numbers and /dev/null itself.
    const own = kinds.filter(kind => !/^(?:[5-9]|\d\d+) (?:\/dev\/null|ENOENT)$/.test(kind));
    assert.deepEqual(own.slice(0, 4), ['0 /dev/null', '1 socket:', '2 socket:', '3 socket:']);
    assert.equal(own.length, 5, own.join(', '));
    for (const [, , up] of found) assert.match(String(up), /^(?:ENOTDIR|ENOENT|EACCES)$/);
  });

  test('the file of turns cannot be opened again, given away or named', async () => {
    const found = await attack.node<string[]>(`
      const fs = require('fs');
      return [
        () => fs.openSync('/proc/self/fd/4', 'r+'), () => fs.openSync('/dev/fd/4', 'r'),
        () => fs.fchmodSync(4, 0o4777), () => fs.fchownSync(4, 1000, 1000), () => fs.linkSync('/proc/self/fd/4', '/tmp/turns'),
      ].map(attempt)`);
    assert.equal(found[4], 'EXDEV');
    if (ownUsers) assert.deepEqual(found.slice(0, 4), ['EACCES', 'EACCES', 'EPERM', 'EPERM']);
  });

  test('mountinfo shows nothing of other functions, and no place of the machine but where its own files come from', async () => {
    const text = await attack.node<string>(`return require('fs').readFileSync('/proc/self/mountinfo', 'utf8')`);
    const lines = text
      .trim()
      .split('\n')
      .map(line => line.split(' '));
    const sources = lines.filter(([, , , , , options = '']) => /^ro/.test(options)).map(([, , , root = '']) => root);
    assert.ok(
      sources.includes(join(at.dir, 'code', attack.version.code.sha256)),
      'its own code is shown with its path',
    );
    const rest = sources.filter(root => root.startsWith(at.dir) && !root.includes(attack.version.code.sha256));
    assert.deepEqual(
      rest.filter(root => !root.startsWith(join(at.dir, 'sandbox', 'etc'))),
      [],
    );
    assert.doesNotMatch(text, new RegExp(victim.version.name));
    for (const [, , , , path = '', options = ''] of lines) {
      assert.match(options, /nosuid/, `${path} ${options}`);
      // Devices work in /dev alone.
      if (!path.startsWith('/dev/')) assert.match(options, /nodev/, `${path} ${options}`);
      if (!/^\/(?:tmp|dev|proc)/.test(path)) assert.match(options, /^ro/, `${path} ${options}`);
    }
  });

  test('devices', async () => {
    const names = ['mem', 'kmem', 'port', 'kmsg', 'kvm', 'fuse', 'loop-control', 'loop0', 'sda', 'vda', 'nvme0n1'];
    const more = ['net/tun', 'vhost-vsock', 'uinput', 'mapper/control', 'userfaultfd', 'ttyS0', 'console', 'hwrng'];
    assert.deepEqual(await blind(...[...names, ...more].map(name => `/dev/${name}`)), ['ENOENT']);
  });

  test('files of the kernel that tell of the machine’s memory', async () => {
    const found = await attack.node<unknown[]>(`
      const fs = require('fs');
      const kernel = ['kcore', 'kmsg', 'kpagecount', 'kpageflags', 'slabinfo', 'vmallocinfo', 'timer_list', 'sysrq-trigger'];
      return kernel.filter(name => fs.existsSync('/proc/' + name)).map(name => attempt(() => fs.openSync('/proc/' + name, 'r')))`);
    assert.deepEqual([...new Set(found)], ['EACCES']);
    const addresses = await attack.node<string>(
      `return attempt(() => require('fs').readFileSync('/proc/kallsyms', 'latin1').slice(0, 16))`,
    );
    assert.match(addresses, /^(?:0{16}|ENOENT|EACCES|EPERM)?$/);
  });
});

async function listening(path: string): Promise<Server> {
  const server = createServer(socket => socket.end(SECRET)).listen(path);
  await once(server, 'listening');
  return server;
}
