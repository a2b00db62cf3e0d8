import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUCKET } from '../../services/cos/testing.ts';
import { openStall } from './testing.ts';

/** Of few letters, so that they meet and fold; of any; and of those that XML, URLs and headers treat apart. */
const key = fc
  .oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', ' ', '中'), minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(
        '%',
        '+',
        '&',
        '<',
        '"',
        "'",
        '?',
        '#',
        '\r',
        '\n',
        '\0',
        '\u0085',
        '\ufffe',
        '\uffff',
        '😀',
        '=',
        ';',
        ':',
      ),
      minLength: 1,
      maxLength: 12,
    }),
  )
  // A key of nothing, or of slashes and dots between them, is the bucket.
  .filter(text => text.isWellFormed() && !/^(?:\.?\/)*\.?$/.test(text));

interface Listed {
  readonly entries: readonly { readonly key: string; readonly versionId?: string }[];
}

test('property: what goes up under any keys is listed, comes back and goes', async t => {
  const stall = await openStall(t);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), async keys => {
      for (const [i, key] of keys.entries()) {
        const { status, note } = await stall.run(['cp', '-', `cos://pictures/${key}`], { stdin: `${i}` });
        assert.equal(status, 0, note);
      }
      const { entries } = JSON.parse(await stall.cos('ls', '-r', 'cos://pictures', '--json')) as Listed;
      assert.deepEqual(new Set(entries.map(one => one.key)), new Set(keys));
      for (const [i, key] of keys.entries()) {
        assert.equal(await stall.cos('cp', `cos://pictures/${key}`, '-'), `${i}`);
        const url = (await stall.cos('presign', `cos://pictures/${key}`)).trim();
        // Who asks with URL of the web rewrites these.
        if (!key.split('/').some(part => /^\.\.?$/.test(part))) assert.equal(await (await fetch(url)).text(), `${i}`);
        await stall.cos('cp', `cos://pictures/${key}`, `cos://pictures/copy/${key}`);
        assert.equal(await stall.house.text(`copy/${key}`), `${i}`);
      }
      await stall.cos('rm', '-r', 'cos://pictures');
      assert.deepEqual((JSON.parse(await stall.cos('ls', 'cos://pictures', '--json')) as Listed).entries, []);
    }),
    { numRuns: 30 },
  );
});

test('property: forcing a bucket leaves nothing, whatever versions it has', async t => {
  const stall = await openStall(t);
  const step = fc.record({ key, act: fc.constantFrom('put', 'remove', 'Enabled', 'Suspended') });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async steps => {
      for (const { key, act } of steps) {
        if (act === 'put') await stall.house.put(key, 'x');
        else if (act === 'remove') await stall.house.remove(key);
        else await stall.house.cos.buckets.setVersioning(BUCKET, act as 'Enabled');
      }
      const listed = JSON.parse(await stall.cos('ls', '-r', '--versions', 'cos://pictures', '--json')) as Listed;
      const puts = steps.filter(one => one.act === 'put');
      assert.ok(listed.entries.every(one => steps.some(({ key }) => key === one.key)));
      if (puts.length === 0 && !steps.some(one => one.act === 'remove')) assert.deepEqual(listed.entries, []);
      await stall.cos('rb', '--force', 'cos://pictures');
      assert.equal(stall.house.cos.buckets.find(BUCKET), undefined);
      await stall.cos('mb', 'cos://pictures');
    }),
    { numRuns: 60 },
  );
});
