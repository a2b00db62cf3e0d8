import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, finish, NODE, nextLine, run, specOf, weaker, withBwrap } from './testing.ts';

const MB = 1024 * 1024;
const holding = (bytes: number) => `held = Buffer.alloc(${bytes}, 1); console.log('held'); setInterval(() => {}, 1e6)`;

/** Skips for machines whose control groups are not ours to use. */
async function withGroups(skip: (why: string) => void): Promise<boolean> {
  await using at = await bench();
  const polled = weaker(at.driver).includes('memory is watched');
  if (polled) skip('control groups cannot be used here');
  return !polled;
}

test('memory is what the function holds, and its peak is told once', withBwrap, async t => {
  if (!(await withGroups(why => t.skip(why)))) return;
  await using at = await bench();
  const hold = 'dd if=/dev/zero of=/dev/shm/held bs=1M count=60 2>/dev/null; echo held';
  const sandbox = at.driver.start(specOf(`${hold}; read go <&3; rm /dev/shm/held; echo freed; sleep 1000`));
  await finish(sandbox, async () => {
    assert.equal(await nextLine(sandbox), 'held');
    const held = sandbox.memoryBytes();
    assert.ok(held > 60 * MB && held < 90 * MB, `${held}`);
    assert.ok(sandbox.peakBytes() >= held);
    sandbox.channel.write('\n');
    assert.equal(await nextLine(sandbox), 'freed');
    sandbox.peakBytes();
    assert.ok(sandbox.peakBytes() < held - 55 * MB);
    assert.equal(sandbox.oomKilled(), false);
    sandbox.kill();
  });
  assert.equal(sandbox.memoryBytes(), 0);
});

test('a function that takes too much memory dies alone, and that is told', withBwrap, async t => {
  if (!(await withGroups(why => t.skip(why)))) return;
  await using at = await bench();
  const bystander = at.driver.start(specOf('echo up; read go <&3; echo alive'));
  assert.equal(await nextLine(bystander), 'up');
  const hog = at.driver.start(specOf('', { command: NODE, args: ['-e', holding(400 * MB)], memoryMB: 128 }));
  const { out, exit } = await finish(hog);
  assert.deepEqual([out, exit.signal], ['', 'SIGKILL']);
  assert.equal(hog.oomKilled(), true);
  assert.ok(hog.peakBytes() > 120 * MB, `${hog.peakBytes()}: as far as it has come`);
  const { out: after } = await finish(bystander, async () => void bystander.channel.write('\n'));
  assert.equal(after, 'alive\n');
  assert.equal(bystander.oomKilled(), false);
});

test('the limit is that of the function that was brought in', withBwrap, async t => {
  if (!(await withGroups(why => t.skip(why)))) return;
  await using at = await bench();
  const codeDir = await at.folder({});
  const script = `read go <&3; exec ${NODE} -e "${holding(200 * MB)}"`;
  const outcome = async (memoryMB: number) => {
    const sandbox = at.driver.start(specOf(script, { memoryMB: 128 }));
    await finish(sandbox, async () => {
      await sandbox.assign({ codeDir, optDir: undefined, memoryMB });
      sandbox.channel.write('\n');
      await nextLine(sandbox).catch(() => '');
      sandbox.kill();
    });
    return sandbox.oomKilled();
  };
  assert.equal(await outcome(128), true);
  assert.equal(await outcome(512), false);
});

test('processes that breed are stopped, and others go on', withBwrap, async () => {
  await using at = await bench();
  const bystander = at.driver.start(specOf('echo up; read go <&3; ls / | wc -l'));
  assert.equal(await nextLine(bystander), 'up');
  const breeding = 'i=0; while [ $i -lt 1100 ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done; echo all';
  const { out } = await run(at.driver, `(${breeding}) 2>&1 | tail -n 1; echo over`);
  assert.match(out, /(?:Cannot fork|Resource temporarily unavailable).*\nover\n/);
  assert.doesNotMatch(out, /all/);
  const { exit } = await finish(bystander, async () => void bystander.channel.write('\n'));
  assert.equal(exit.code, 0);
});

test('/tmp holds 512 MB and no more', withBwrap, async () => {
  await using at = await bench();
  // In memory it would be stopped before.
  const memoryMB = 1024;
  const fill = (name: string, count: number) => `dd if=/dev/zero of=/tmp/${name} bs=1M count=${count} 2>&1 | tail -n 1`;
  const { out, exit } = await run(
    at.driver,
    `${fill('one', 400)}; ${fill('two', 112)}; ${fill('three', 64)}; ls -l /tmp | wc -l; rm /tmp/*; df /tmp | tail -1`,
    { memoryMB },
  );
  assert.equal(exit.code, 0, out);
  const [one, two, three, files] = out.split('\n');
  assert.match(one ?? '', /^419430400 bytes/);
  assert.match(two ?? '', /^117440512 bytes/);
  assert.ok(Number(/^(\d+) bytes/.exec(three ?? '')?.[1] ?? 0) < 30 * MB, three);
  assert.equal(files, '4');
});

test('no file is larger than /tmp, and no more than 1,024 are open', withBwrap, async () => {
  await using at = await bench({ tmp: 'folder' });
  const { out } = await run(
    at.driver,
    'dd if=/dev/zero of=/tmp/one bs=1M seek=511 count=3 2>&1; stat -c %s /tmp/one; ulimit -n',
  );
  assert.match(out, /File too large\n/);
  assert.match(out, /\n536870912\n1024\n$/);
});
