// Many at once: whatever verbs meet on the same keys, what is read is whole, and at the end each file is somebody's.

import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../../core/crc64.ts';
import { CloudError } from '../../core/errors.ts';
import type { Versioning } from './model.ts';
import { BUCKET, CAUSE, content, HEAD, House, ref, someBytes } from './testing.ts';

const KEYS = ['a', 'b'];
const VERBS = ['put', 'forbid', 'small', 'remove', 'copy', 'append', 'parts', 'read', 'tags'] as const;

const actor = fc.array(
  fc.record({
    verb: fc.constantFrom(...VERBS),
    key: fc.constantFrom(...KEYS),
    seed: fc.nat(1000),
    pause: fc.nat(3),
  }),
  { maxLength: 12 },
);
type Deed = { readonly verb: (typeof VERBS)[number]; readonly key: string; readonly seed: number };

/** What another may have made impossible meanwhile. */
const LOST_RACES = ['NoSuchKey', 'FileAlreadyExists', 'AppendPositionErr', 'ObjectNotAppendable', 'InvalidBucketState'];

async function act(house: House, { verb, key, seed }: Deed): Promise<void> {
  const { objects, uploads } = house.cos;
  const other = KEYS.find(one => one !== key) ?? key;
  const large = someBytes(20_000 + seed, seed);
  const tag = { Key: 'seed', Value: String(seed) };
  switch (verb) {
    case 'put':
      return void (await house.put(key, large));
    case 'small':
      return void (await house.put(key, someBytes(seed, seed)));
    case 'forbid': {
      const options = { event: 'ObjectCreated:Put', forbidOverwrite: true } as const;
      return void (await objects.put(ref(key), HEAD, content(large), options, CAUSE));
    }
    case 'remove':
      return void (await house.remove(key));
    case 'copy':
      return void (await objects.copy({ ...ref(other), conditions: {} }, ref(key), { tags: [tag] }, CAUSE));
    case 'append': {
      const position = house.index.find(BUCKET, key)?.bytes ?? 0;
      return void (await objects.append(ref(key), position, HEAD, content(large), CAUSE));
    }
    case 'parts': {
      const upload = await uploads.begin(ref(key), HEAD);
      const part = await uploads.putPart(upload, 1, content(large));
      await uploads.putPart(upload, 2, content('left over'));
      if (seed % 3 === 0) return uploads.abort(upload);
      return void (await uploads.complete(upload, [part], CAUSE));
    }
    case 'tags':
      return void (await objects.setTags(ref(key), [tag]));
    case 'read': {
      const { object, read } = objects.open(ref(key));
      assert.equal(crc64(await buffer(read(0, object.bytes))), object.crc64, 'another object, or a torn one');
    }
  }
}

for (const versioning of ['never', 'Enabled', 'Suspended'] satisfies Versioning[]) {
  test(`actors that meet on two keys, versioning ${versioning}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actor, { minLength: 2, maxLength: 5 }), fc.nat(4), async (actors, slowness) => {
        await using house = await House.open();
        if (versioning !== 'never') await house.cos.buckets.setVersioning(BUCKET, versioning);
        let count = 0;
        house.files.before = async () => {
          for (let i = (count++ * 7) % (slowness + 1); i > 0; i--) await new Promise(setImmediate);
        };
        const { told } = house.listen({ event: 'cos:ObjectCreated:*' });
        let made = 0;
        await Promise.all(
          actors.map(async deeds => {
            for (const deed of deeds) {
              for (let i = 0; i < deed.pause; i++) await new Promise(setImmediate);
              try {
                await act(house, deed);
                const creates = ['put', 'small', 'forbid', 'copy', 'append', 'parts'].includes(deed.verb);
                if (creates && !(deed.verb === 'parts' && deed.seed % 3 === 0)) made++;
              } catch (error) {
                if (!(error instanceof CloudError && LOST_RACES.includes(error.code))) throw error;
              }
            }
          }),
        );
        assert.equal(told.length, made, 'as many events as writes that succeeded');
        for (const row of house.index.scan(BUCKET, undefined, 1000)) {
          assert.equal(crc64(await house.read(row.key, row.versionId)), house.cos.objects.head(row).crc64);
        }
        await house.checkFiles();
        assert.deepEqual(house.index.notices(10), []);
        assert.deepEqual(
          house.log.lines.filter(({ level }) => level !== 'info'),
          [],
        );
      }),
      { numRuns: 25 },
    );
  });
}
