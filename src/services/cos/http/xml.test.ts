import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cpuMs } from '../../../core/fixture.ts';
import { childOf, childrenOf, expectOnly, numberOf, readXml, wordOf } from './readxml.ts';
import { element, xmlDocument } from './xml.ts';

const read = (text: string) => readXml(Buffer.from(text), 'a');
const refused = (text: string) => assert.throws(() => read(text), { code: 'MalformedXML' }, text);

test('what is written is read again', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter(text => text.isWellFormed()),
      text => {
        assert.equal(childOf(read(xmlDocument('a', [element('b', text)])), 'b')?.text, text);
      },
    ),
  );
});

test('elements', () => {
  const xml = xmlDocument('a', [element('b', `x<&>"'`), element('c', []), element('d', undefined), element('e', 1)]);
  assert.equal(xml, `<?xml version='1.0' encoding='utf-8' ?>\n<a><b>x&lt;&amp;&gt;&quot;&apos;</b><c/><e>1</e></a>`);
  assert.equal(element('b', '', ' x="1"')?.xml, '<b x="1"/>');
});

describe('reading', () => {
  test('children, texts and attributes', () => {
    const root = read(
      '<?xml version="1.0"?>\n<!-- x --><a xmlns="y"><b t:k="&quot;v">&#65;&#x42;<![CDATA[<&amp;>]]></b><c> 7 </c><b/></a>\n',
    );
    assert.deepEqual(
      childrenOf(root, 'b').map(child => child.text),
      ['AB<&amp;>', ''],
    );
    assert.deepEqual(root.children[0]?.attributes, { 't:k': '"v' });
    assert.equal(wordOf(root, 'c'), '7');
    assert.equal(wordOf(root, 'd'), undefined);
    assert.equal(numberOf(root, 'c', 0, 7), 7);
    assert.throws(() => numberOf(root, 'c', 0, 6), { code: 'MalformedXML' });
    assert.throws(() => childOf(root, 'b'), { code: 'MalformedXML' });
    assert.throws(() => expectOnly(root, 'b'), { code: 'MalformedXML' });
    expectOnly(root, 'b', 'c');
  });

  test('keeps white space that belongs to a text', () => assert.equal(read('<a> x \n</a>').text, ' x \n'));

  for (const text of [
    '',
    'x',
    '{}',
    '<a>',
    '<a></b>',
    '<b/>',
    '<a/><a/>',
    '<a/>x',
    '<a><b></a></b>',
    '<a b=c/>',
    '<a>&foo;</a>',
    '<a>& b</a>',
    '<a>&amp</a>',
    '<a>&#x110000;</a>',
    '<a>&#xD83D;&#xDE00;</a>',
    '<a>&#;</a>',
    '<a><__proto__/></a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!doctype a><a/>',
    `${'<a>'.repeat(20)}${'</a>'.repeat(20)}`,
    `<a>${'<b/>'.repeat(60_000)}</a>`,
  ])
    test(`refuses ${text.slice(0, 40) || 'nothing'}`, () => refused(text));

  test('refuses what would take long, and at once', () => {
    const bombs = [
      `<a>${'<b/>'.repeat(1_000_000)}</a>`,
      `<a>${'<?b?>'.repeat(800_000)}</a>`,
      `<a ${'b="'.repeat(1_300_000)}/>`,
      `<a ${Array.from({ length: 200_000 }, (_, i) => `b${i}="c"`).join(' ')}/>`,
      `<${'a'.repeat(4_000_000)}/>`,
    ];
    const spent = cpuMs(() => {
      for (const bomb of bombs) refused(bomb);
    });
    // They took seconds.
    assert.ok(spent < 2000, `${spent} ms`);
    const parts = '<b><c>1</c><d>"0123456789abcdef0123456789abcdef"</d></b>'.repeat(10_000);
    assert.equal(read(`<a>${parts}</a>`).children.length, 10_000);
  });

  test('refuses what is no UTF-8', () =>
    assert.throws(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]), 'a'), {
      code: 'MalformedXML',
    }));

  test('whatever comes is read or refused', () => {
    const shards = fc.constantFrom(
      '<a>',
      '</a>',
      '<',
      '>',
      '&',
      ';',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?',
      '?>',
      'x',
      ' ',
      '"',
      '=',
      '/',
      '\0',
      '#text',
      '<#text>',
      '<a b="',
      '<constructor>',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(shards, fc.string()), { maxLength: 12 }), parts => {
        try {
          assert.equal(read(`<a>${parts.join('')}</a>`).name, 'a');
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'MalformedXML', String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('text without an end is refused, that of a key in any writing is not', () => {
  const key = '&#x0000A;'.repeat(850);
  assert.equal(read(`<a>${key}</a>`).text.length, 850);
  for (const text of ['a', '&amp;', ' ']) {
    refused(`<a>${text.repeat(20_000)}</a>`);
    refused(`<a><b/>${text.repeat(20_000)}<b/></a>`);
  }
});
