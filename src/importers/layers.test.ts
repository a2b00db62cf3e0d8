import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { ScfCall } from './call.ts';
import { publishLayer, readLayer } from './layers.ts';
import { zipFolder, zipNames } from './zip.ts';

const dir = await mkdtemp(join(tmpdir(), 'layers-'));
after(() => rm(dir, { recursive: true }));

const refused = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof CloudError && error.code === code && text.test(error.text('en')) && !/\{/.test(error.text('zh'));

const PLAN = { name: 'deps', runtimes: ['Nodejs18.15'], zip: Buffer.from('zip') };

/** A server that gives these states one after another, the last one for ever. */
function serverOf(...states: object[]) {
  const asked: [string, object][] = [];
  const call: ScfCall = async (action, params) => {
    asked.push([action, params]);
    if (action === 'PublishLayerVersion') return { LayerVersion: 7 };
    return { ...(states.length > 1 ? states.shift() : states[0]) };
  };
  return { call, asked };
}

test('what is in a folder or a zip is at the root of the layer', async () => {
  const folder = join(dir, 'shared');
  await mkdir(join(folder, 'node_modules/left'), { recursive: true });
  await writeFile(join(folder, 'node_modules/left/index.js'), 'x');
  const read = await readLayer(folder);
  assert.equal(read.name, 'shared');
  assert.deepEqual(await zipNames(read.zip, ''), ['node_modules/left/index.js']);

  const file = join(dir, 'Packed.ZIP');
  await writeFile(file, await zipFolder(folder));
  assert.deepEqual(await readLayer(file), { name: 'Packed', zip: read.zip });
});

test('what is not there or no zip is refused before anything is sent', async () => {
  await assert.rejects(readLayer(join(dir, 'none')), refused('Project.Missing', /none does not exist/));
  await writeFile(join(dir, 'text'), 'hello');
  await assert.rejects(readLayer(join(dir, 'text')), refused('Project.NotZip', /text is not a zip/));
  await mkdir(join(dir, 'empty'));
  await assert.rejects(readLayer(join(dir, 'empty')), refused('Project.Empty', /no file/));
});

test('a layer is published with what is said of it, and asked for until it is Active', async () => {
  const clock = new TurnableClock(0);
  const { call, asked } = serverOf({ Status: 'Publishing' }, { Status: 'Publishing' }, { Status: 'Active' });
  const published = publishLayer({ ...PLAN, description: 'd', license: 'MIT' }, { call, clock });
  await clock.advance(200);
  assert.equal(await published, 7);
  assert.deepEqual(asked, [
    [
      'PublishLayerVersion',
      {
        LayerName: 'deps',
        CompatibleRuntimes: ['Nodejs18.15'],
        Content: { ZipFile: Buffer.from('zip').toString('base64') },
        Description: 'd',
        LicenseInfo: 'MIT',
      },
    ],
    ...Array.from({ length: 3 }, () => ['GetLayerVersion', { LayerName: 'deps', LayerVersion: 7 }]),
  ]);
});

test('one that cannot be used says why, one that takes too long says so', async () => {
  const clock = new TurnableClock(0);
  const failed = serverOf({ Status: 'PublishFailed', StatusReasons: [{ ErrorMessage: 'a link leads out' }] });
  await assert.rejects(
    publishLayer(PLAN, { call: failed.call, clock }),
    refused('Deploy.LayerFailed', /deps .*PublishFailed.*a link leads out/),
  );
  assert.equal('Description' in (failed.asked[0]?.[1] ?? {}), false);
  const slow = publishLayer(PLAN, { call: serverOf({ Status: 'Publishing' }).call, clock });
  const told = assert.rejects(slow, refused('Deploy.LayerSlow', /still Publishing after 120 s/));
  await clock.advance(121_000);
  await told;
});
