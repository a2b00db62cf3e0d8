// Pages for users name no page, command or setting that is not there, and both languages have the same pages.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { SETTINGS } from '../src/config.ts';

const ROOT = join(import.meta.dirname, '..');
const pagesOf = (dir: string) =>
  readdirSync(join(ROOT, dir))
    .filter(name => name.endsWith('.md'))
    .sort();
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

const NAMES = pagesOf('docs/en');
const USERS = ['README.md', 'README.zh.md', ...['en', 'zh'].flatMap(lang => NAMES.map(name => `docs/${lang}/${name}`))];
const PAGES = [...new Set([...USERS, ...pagesOf('.'), ...pagesOf('docs').map(name => `docs/${name}`)])];
const LINES = 200;

/** Blocks and spans, one after the other. */
const codeIn = (text: string) => [...text.matchAll(/^```.*?^```|`[^`\n]+`/gms)].map(([code]) => code);
/** Samples in blocks have variables of any name. */
const spansIn = (text: string) => codeIn(text).filter(code => !code.startsWith('```'));
const LINK = /\[[^\]]*\]\((?!https?:|#)(?<to>[^)#\s]+)[^)]*\)/g;
/** As it is called; what stands behind it is a command of its own or a word for it. */
const CALL = /(?<![\w./-])openscf (?:-- )?(?<command>[a-z]+)(?: (?<words>[a-z-]+(?:\|[a-z-]+)*))?/g;

/** What help lists under "Commands:". */
async function commandsOf(...path: string[]): Promise<readonly string[]> {
  const { out } = await runIn(ROOT, [...path, '--help', '--lang', 'en']);
  const list = out.split(/^Commands:\n/m)[1]?.split(/\n\n/)[0] ?? '';
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name);
}

const commands = await commandsOf();
const subcommands = new Map<string, readonly string[]>();
for (const command of commands) subcommands.set(command, await commandsOf(command));

describe('every page', () => {
  test('links to what is there', () => {
    for (const page of PAGES) {
      for (const { groups } of read(page).matchAll(LINK)) {
        const to = groups?.to ?? '';
        assert.ok(existsSync(join(ROOT, dirname(page), decodeURI(to))), `${page}: ${to}`);
      }
    }
  });

  test('names commands that are there', () => {
    assert.ok(commands.includes('deploy') && subcommands.get('cert')?.includes('add'), 'help can be read');
    let calls = 0;
    for (const page of PAGES) {
      for (const { groups } of codeIn(read(page)).flatMap(code => [...code.matchAll(CALL)])) {
        const { command = '', words = '' } = groups ?? {};
        calls++;
        const known = subcommands.get(command);
        assert.ok(known, `${page}: openscf ${command}`);
        if (known.length > 0 && words !== '')
          for (const word of words.split('|')) assert.ok(known.includes(word), `${page}: openscf ${command} ${word}`);
      }
    }
    assert.ok(calls > 100, `${calls} calls`);
  });
});

describe('settings', () => {
  const names = new Set(SETTINGS.map(one => one.name));
  const groups = [...new Set([...names].filter(name => name.includes('.')).map(name => name.split('.')[0]))];
  const dotted = new RegExp(`(?<![\\w./-])(?:${groups.join('|')})\\.[a-z]\\w*(?!\\w|\\.\\w|-)`, 'g');
  const FILES = /\.(?:db|js|log|ts|md)$/;

  test('in groups exist', () => {
    let seen = 0;
    for (const page of USERS)
      for (const [name] of spansIn(read(page)).flatMap(code => [...code.matchAll(dotted)])) {
        if (FILES.test(name)) continue;
        seen++;
        assert.ok(names.has(name), `${page}: ${name}`);
      }
    assert.ok(seen > 20, `${seen} names`);
  });

  test('as flags of start and in the environment exist', () => {
    const flags = new Set(['--help', ...SETTINGS.map(one => one.flag)]);
    const variables = new Set(SETTINGS.map(one => one.env));
    for (const page of USERS) {
      for (const code of codeIn(read(page))) {
        for (const [, given = ''] of code.matchAll(/openscf start((?: +(?!#)\S+)*)/g))
          for (const [flag] of given.matchAll(/--[a-z\d-]+/g)) assert.ok(flags.has(flag), `${page}: ${flag}`);
        for (const [name] of code.matchAll(/OPENSCF_[A-Z\d_]+/g)) assert.ok(variables.has(name), `${page}: ${name}`);
      }
    }
  });
});

describe('both languages', () => {
  test('have the same pages', () => assert.deepEqual(pagesOf('docs/zh'), NAMES));

  const shapeOf = (text: string) => ({
    headings: [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+(?= )/gm)].map(([marks]) => marks),
    blocks: text.match(/^```/gm)?.length ?? 0,
    rows: text.match(/^\|/gm)?.length ?? 0,
  });
  const pairs = [['README.md', 'README.zh.md'], ...NAMES.map(name => [`docs/en/${name}`, `docs/zh/${name}`])] as const;
  for (const [en = '', zh = ''] of pairs) {
    test(`${en} has the same headings, samples and table rows in Chinese`, () => {
      assert.deepEqual(shapeOf(read(zh)), shapeOf(read(en)));
    });
  }

  test('have an index that names every page', () => {
    for (const lang of ['en', 'zh']) {
      const index = read(`docs/${lang}/guide.md`);
      for (const name of NAMES) if (name !== 'guide.md') assert.ok(index.includes(`](${name})`), `${lang}: ${name}`);
    }
  });

  test(`have no page above ${LINES} lines`, () => {
    for (const page of USERS) assert.ok(read(page).split('\n').length <= LINES + 1, page);
  });
});
