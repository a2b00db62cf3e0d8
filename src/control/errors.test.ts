import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudError, type ErrorRow } from '../core/errors.ts';
import { bothLanguages, fail, SCF_ERRORS } from './errors.ts';

const names = (template: string) => [...new Set(template.match(/\{\w+\}/g))].sort();

test('every row has a Chinese and an English sentence that ends', () => {
  for (const [code, row] of Object.entries<ErrorRow>(SCF_ERRORS)) {
    assert.match(row.zh, /[\u4e00-\u9fff]|^\{zh\}$/, code);
    assert.match(row.zh, /[。}]$/, code);
    assert.match(row.en, /[.})]$/, code);
    assert.doesNotMatch(row.en, /[\u4e00-\u9fff]/, code);
  }
});

test('what stands in braces in one language is given with the other', () => {
  for (const [code, row] of Object.entries<ErrorRow>(SCF_ERRORS)) {
    const zh = names(row.zh).filter(name => name !== '{zh}');
    const missing = zh.filter(name => !row.en.includes(name));
    assert.deepEqual(
      missing.filter(name => name !== '{region}' && name !== '{alias}' && name !== '{namespace}'),
      [],
      code,
    );
    assert.equal(row.zh.includes('{zh}'), row.en.includes('{en}'), code);
  }
});

test('both languages in one text', () => {
  try {
    fail('ResourceInUse.Alias', { alias: 'prod' });
  } catch (error) {
    assert.ok(error instanceof CloudError);
    assert.match(bothLanguages(error), /别名 prod 已存在.*The alias prod exists/);
  }
});
