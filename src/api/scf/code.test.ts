import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACCOUNT, KEY } from '../../core/fixture.ts';
import { type CodeSources, codeBytes, inlineBytes } from './code.ts';
import { refused, storeOf } from './fixture.ts';
import { zipOf } from './zip.ts';

const store = storeOf('objects', Buffer.from('zip'));
const none: CodeSources = {
  templates: async () => undefined,
  objects: { store, appId: ACCOUNT.appId, region: KEY.region },
};

test('any bytes in Base64 come out as they went in, line breaks or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.integer({ min: 1, max: 80 }), async (bytes, width) => {
      const plain = Buffer.from(bytes).toString('base64');
      const broken = plain.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
      assert.deepEqual(await codeBytes({ ZipFile: plain }, undefined, none), Buffer.from(bytes));
      assert.deepEqual(await codeBytes({ ZipFile: broken }, 'ZipFile', none), Buffer.from(bytes));
    }),
  );
});

test('what is no standard Base64 is refused', async () => {
  for (const ZipFile of ['UEs', 'UEsD!A==', 'UE sDBA==', 'UEsD_-==', '=UEs', 'UE=s', '====', '中文']) {
    await assert.rejects(
      codeBytes({ ZipFile }, undefined, none),
      refused('InvalidParameterValue.ZipFileBase64BinasciiError'),
      ZipFile,
    );
  }
});

test('a template is found by its DemoId, and an unknown one is told', async () => {
  const zip = await zipOf('index.py', '');
  const templates = { ...none, templates: async (id: string) => (id === 'demo-1' ? zip : undefined) };
  assert.equal(await codeBytes({ DemoId: 'demo-1', ZipFile: '' }, 'Demo', templates), zip);
  await assert.rejects(codeBytes({ DemoId: 'demo-2' }, undefined, templates), refused('ResourceNotFound.Demo'));
});

test('two sources are one too many, whichever they are', async () => {
  const sources = [
    { ZipFile: 'UEsD' },
    { CosObjectName: '/a.zip', CosBucketName: 'b' },
    { DemoId: 'd' },
    { GitUrl: 'g' },
    { ImageConfig: {} },
    { TempCosObjectName: 't' },
  ];
  for (const [i, one] of sources.entries()) {
    for (const other of sources.slice(i + 1)) {
      await assert.rejects(
        codeBytes({ ...one, ...other }, undefined, none),
        refused('InvalidParameterValue.Code'),
        JSON.stringify([one, other]),
      );
    }
  }
});

test('CodeSource may only repeat what is there', async () => {
  await assert.rejects(codeBytes({ ZipFile: 'UEsD' }, 'Cos', none), refused('InvalidParameterValue.CodeSource'));
  assert.equal((await codeBytes({ ZipFile: 'UEsD' }, 'zipfile', none))?.length, 3);
});

test('no code, and sources that are not fetched here, are left to control', async () => {
  assert.equal(await codeBytes({}, undefined, none), undefined);
  assert.equal(await codeBytes({ ZipFile: '' }, undefined, none), undefined);
  assert.equal(await codeBytes({ ImageConfig: { ImageUri: 'x' } }, undefined, none), undefined);
});

test('an object of the store is the code', async () => {
  const code = { CosBucketName: 'objects', CosObjectName: '/a.zip', ZipFile: '', DemoId: '' };
  assert.equal(String(await codeBytes(code, 'Cos', none)), 'zip');
  assert.equal(String(await codeBytes(code, undefined, none)), 'zip');
  await assert.rejects(codeBytes(code, 'ZipFile', none), refused('InvalidParameterValue.CodeSource'));
  const bucketAlone = codeBytes({ CosBucketName: 'objects' }, undefined, none);
  await assert.rejects(bucketAlone, refused('InvalidParameterValue.CosObjectName'));
  const objectAlone = codeBytes({ CosObjectName: 'a.zip' }, undefined, none);
  await assert.rejects(objectAlone, refused('InvalidParameterValue.CosBucketName'));
  assert.equal((await codeBytes({ CosBucketName: 'objects', ZipFile: 'UEsD' }, undefined, none))?.length, 3);
});

test('a request carries 50 MB of zip at most', async () => {
  const ZipFile = Buffer.alloc(50 * 1024 * 1024 + 1).toString('base64');
  await assert.rejects(codeBytes({ ZipFile }, undefined, none), refused('InvalidParameterValue.ZipFile'));
});

test('inline text becomes a package of one file, but a zip does not', async () => {
  assert.deepEqual(await inlineBytes('index.js', 'x'), await zipOf('index.js', 'x'));
  await assert.rejects(inlineBytes(undefined, 'x'), refused('InvalidParameterValue.InlineZipFile'));
  const zip = (await zipOf('index.js', 'x')).toString('base64');
  await assert.rejects(inlineBytes('index.js', zip), refused('InvalidParameterValue.InlineZipFile'));
});
