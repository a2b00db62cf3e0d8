// docs/behaviour.md claims nothing without a test: each that it names is there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const ROW = /^\| (?<claim>.+?) \| (?<document>.+?) \| `(?<file>[^`]+)` › (?<title>.+?) \|$/;

describe('every claim about behaviour', () => {
  const lines = readFileSync(join(ROOT, 'docs', 'behaviour.md'), 'utf8').split('\n');
  const rows = lines.filter(line => line.startsWith('| ') && !line.startsWith('| claim |'));
  assert.ok(rows.length > 30, `${rows.length} rows`);
  for (const row of rows) {
    const { claim = '', file = '', title = '' } = ROW.exec(row)?.groups ?? {};
    test(claim || row, () => {
      assert.notEqual(file, '', 'a row is claim, document, and `file` › title');
      const path = join(ROOT, file);
      assert.ok(existsSync(path), `${file} is not there`);
      assert.ok(readFileSync(path, 'utf8').includes(title), `${file} has no test "${title}"`);
    });
  }
});
