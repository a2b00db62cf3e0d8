// Reading the XML of requests: well formed, one known root, no entities beyond the five, bounded in depth and in number.

import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { fail } from '../errors.ts';

export interface XmlElement {
  readonly name: string;
  /** All of its own text, as it stands. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  readonly attributes: Readonly<Record<string, string>>;
}

const MAX_DEPTH = 12;
/** A list of 10000 parts has three or four for each. */
const MAX_ELEMENTS = 60_000;
/** Beginnings and ends, with some comments and the like. */
const MAX_TAGS = 2 * MAX_ELEMENTS + 1000;
/** With its attributes, of which namespaces are most. */
const MAX_TAG_CHARS = 4096;
/** Between two of them: the longest is a key with each of its bytes written by number. */
const MAX_TEXT_CHARS = 16_384;

const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Ours: the five and characters by number, nothing that a document declares.
  processEntities: false,
  cdataPropName: '#cdata',
  maxNestedTags: MAX_DEPTH,
});

/** MalformedXML for anything but a document with this root, or one of these. */
export function readXml(body: Buffer, ...roots: readonly string[]): XmlElement {
  const [root, ...others] = nodesOf(textOf(body));
  const [only] = root ? [toElement(root, { left: MAX_ELEMENTS })] : [];
  if (!only || others.length > 0 || !roots.includes(only.name)) return fail('MalformedXML');
  return only;
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    return fail('MalformedXML', {}, error);
  }
}

/** A declaration of a document type, or of anything else in one. */
const DECLARES = /<!(?!--|\[CDATA\[)/;

/** Before anything is made of it: the parser takes seconds for megabytes of tags, of attributes or of one text. */
function isReasonable(text: string): boolean {
  let tags = 0;
  for (let at = text.indexOf('<'); at >= 0; ) {
    const end = text.indexOf('>', at);
    if (end < 0 || end - at > MAX_TAG_CHARS || ++tags > MAX_TAGS) return false;
    at = text.indexOf('<', end);
    if (at - end > MAX_TEXT_CHARS) return false;
  }
  return true;
}

type Node = Readonly<Record<string, unknown>>;

function nodesOf(text: string): Node[] {
  // Neither the parser nor the validator minds text behind the root.
  if (!isReasonable(text) || DECLARES.test(text) || !text.trimEnd().endsWith('>')) return fail('MalformedXML');
  try {
    // Deep nesting is refused by the parser, so it comes first; it lets other faults pass, which the validator finds.
    const nodes: Node[] = parser.parse(text);
    if (XMLValidator.validate(text) === true) return nodes.filter(node => !('#text' in node));
  } catch (error) {
    return fail('MalformedXML', {}, error);
  }
  return fail('MalformedXML');
}

function toElement(node: Node, budget: { left: number }): XmlElement {
  if (--budget.left < 0) return fail('MalformedXML');
  const [name = ''] = Object.keys(node).filter(key => key !== ':@');
  let text = '';
  const children: XmlElement[] = [];
  for (const inner of node[name] as Node[]) {
    if ('#text' in inner) text += unescapeXml(String(inner['#text']));
    else if ('#cdata' in inner) text += cdataOf(inner['#cdata']);
    else children.push(toElement(inner, budget));
  }
  const attributes = Object.entries((node[':@'] as Readonly<Record<string, string>> | undefined) ?? {});
  return {
    name,
    text,
    children,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, unescapeXml(value)])),
  };
}

const cdataOf = (parts: unknown): string =>
  (parts as readonly Node[]).map(part => String(part['#text'] ?? '')).join('');

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_CODE_POINT = 0x10ffff;
const isSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff;

function unescapeXml(text: string): string {
  return text.replace(/&([^;&<]{0,10};?)/g, (_whole, reference: string) => {
    const name = reference.slice(0, -1);
    const [, hex, decimal] = /^#(?:x([\da-f]{1,6})|(\d{1,7}));$/i.exec(reference) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    // Half of a character is none: it would be kept as another one.
    if (code <= MAX_CODE_POINT && !isSurrogate(code)) return String.fromCodePoint(code);
    const char = reference.endsWith(';') && Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    return char ?? fail('MalformedXML');
  });
}

export function childrenOf(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter(child => child.name === name);
}

/** undefined if there is none; MalformedXML for several. */
export function childOf(parent: XmlElement, name: string): XmlElement | undefined {
  const [first, second] = childrenOf(parent, name);
  return second ? fail('MalformedXML') : first;
}

/** Without the white space around it; undefined if there is no such child. */
export function wordOf(parent: XmlElement, name: string): string | undefined {
  return childOf(parent, name)?.text.trim();
}

/** MalformedXML unless it is a whole number in these bounds. */
export function numberOf(parent: XmlElement, name: string, least: number, most: number): number | undefined {
  const word = wordOf(parent, name);
  if (word === undefined) return undefined;
  const value = /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN;
  return value >= least && value <= most ? value : fail('MalformedXML');
}

/** `otherwise` where it is left out or empty; clients write true, and True. */
export function flagOf(parent: XmlElement, name: string, otherwise: boolean): boolean {
  const word = wordOf(parent, name)?.toLowerCase();
  if (word === undefined || word === '') return otherwise;
  return word === 'true' || (word === 'false' ? false : fail('MalformedXML'));
}

/** MalformedXML if it has others than these, or text beside them. */
export function expectOnly(parent: XmlElement, ...names: readonly string[]): void {
  if (parent.children.some(child => !names.includes(child.name))) fail('MalformedXML');
  if (parent.children.length > 0 && parent.text.trim() !== '') fail('MalformedXML');
}
