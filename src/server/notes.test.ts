import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NotesOf, notesOf } from './notes.ts';

const WEAKER: NotesOf['driver']['weaker'] = [
  { brief: { zh: '共用网络', en: 'shared network' } },
  { brief: { zh: '/tmp 位于内存', en: '/tmp in memory' } },
];
const MISSING = { zh: '未安装', en: 'it is not installed: apt-get install bubblewrap' };
const notes = (lang: 'zh' | 'en', driver: NotesOf['driver'], examplesLeft: NotesOf['examplesLeft'] = []) =>
  notesOf({ lang, driver, examplesLeft });

test('what the sandbox leaves open is one line, with where the rest is said', () => {
  const [first, ...rest] = notes('en', { name: 'bwrap', weaker: WEAKER });
  assert.equal(first, 'What the sandbox leaves open: shared network; /tmp in memory. openscf doctor tells more.');
  assert.doesNotMatch(rest.join(), /sandbox|network/);
  const [zh] = notes('zh', { name: 'bwrap', weaker: WEAKER });
  assert.equal(zh, '沙箱未隔离或限制的部分：共用网络；/tmp 位于内存。详见 openscf doctor。');
});

test('plain processes are said to be weak, and why it is them', () => {
  const driver = { name: 'process', weaker: WEAKER, instead: MISSING };
  const [why, kept] = notes('en', driver);
  assert.equal(why, 'Not in the bwrap sandbox: it is not installed: apt-get install bubblewrap.');
  assert.match(kept ?? '', /^Plain processes keep mistakes apart, not malice: shared network/);
  assert.match(notes('zh', driver).join(' '), /未使用 bwrap 沙箱：未安装。 普通进程只防误操作/);
});

test('who asked for plain processes is not told of another', () => {
  assert.doesNotMatch(notes('en', { name: 'process', weaker: WEAKER }).join(), /bwrap/);
});

test('no line is longer than two of a terminal', () => {
  const many = Array.from({ length: 5 }, () => ({ brief: { zh: '', en: 'x'.repeat(20) } }));
  for (const line of notes('en', { name: 'process', weaker: many })) assert.ok(line.length <= 240, line);
});

test('examples that are left out are named', () => {
  const driver = { name: 'bwrap', weaker: [] };
  assert.match(notes('en', driver, [{ name: 'a' }, { name: 'b' }]).at(-1) ?? '', /left out.*: a, b\./);
  assert.match(notes('zh', driver, [{ name: 'a' }]).at(-1) ?? '', /未部署示例：a/);
  assert.doesNotMatch(notes('en', driver).join(), /left out|install/);
});

test('examples with packages of their own are named with what installs them', () => {
  const left = [
    { name: 'a', install: 'npm install' },
    { name: 'b', install: 'pip install' },
    { name: 'c', install: 'npm install' },
    { name: 'd' },
  ];
  const driver = { name: 'bwrap', weaker: [] };
  const [runtime, packages] = notes('en', driver, left).slice(-2);
  assert.match(runtime ?? '', /: d\.$/);
  assert.match(packages ?? '', /^Examples to install first: a, c \(npm install\), b \(pip install\)\./);
  assert.match(notes('zh', driver, left).at(-1) ?? '', /^示例需先安装依赖：a, c \(npm install\)、b \(pip install\)。/);
});
