// OriginInfo: where the sources are, and what they are asked for.

import { fail } from '../errors.ts';
import { childOf, expectOnly, flagOf, numberOf, wordOf, type XmlElement } from '../http/readxml.ts';
import type { OriginHost, OriginRule } from './model.ts';

const refuse = (reason: string): never => fail('InvalidArgument', { name: 'OriginInfo', reason });

const MAX_HOSTS = 10;
const MAX_STANDBYS = 10;
const MAX_WEIGHT = 1_000_000;
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;

/** Documented: several share the requests of a Mirror alone. */
export function readHosts(given: readonly XmlElement[], type: OriginRule['type']): readonly OriginHost[] {
  const hosts = given.map(readHost);
  if (hosts.length === 0) fail('MalformedXML');
  if (hosts.length > 1 && type !== 'Mirror') refuse(`a ${type} has one source`);
  if (hosts.length > MAX_HOSTS) refuse(`there are at most ${MAX_HOSTS} sources`);
  if (hosts.every(({ weight }) => weight === 0)) refuse('one source has a Weight above 0');
  if (type === 'Redirect' && hosts.some(({ names }) => names.length > 1)) {
    refuse('a Redirect has no source that stands by: clients are sent to the first');
  }
  return hosts;
}

function readHost(host: XmlElement): OriginHost {
  const standbys: [number: number, name: string][] = [];
  for (const { name, text } of host.children) {
    const [, number] = /^StandbyHostName_(\d{1,2})$/.exec(name) ?? [];
    if (number !== undefined) standbys.push([Number(number), hostOf(text)]);
    // Sources that want a signature.
    else if (/^Private(?:Host|StandbyHost_\d+)$/.test(name)) fail('NotImplemented', { name });
    else if (name !== 'HostName' && name !== 'Weight') fail('MalformedXML');
  }
  const numbers = standbys.map(([number]) => number);
  const areFit = numbers.every(number => number >= 1 && number <= MAX_STANDBYS);
  if (!areFit || new Set(numbers).size < numbers.length) refuse(`StandbyHostName_1 to _${MAX_STANDBYS}, each once`);
  return {
    weight: numberOf(host, 'Weight', 0, MAX_WEIGHT) ?? 1,
    names: [
      hostOf(wordOf(host, 'HostName') || fail('MalformedXML')),
      ...standbys.toSorted(([a], [b]) => a - b).map(([, name]) => name),
    ],
  };
}

function hostOf(text: string): string {
  const name = text.trim().toLowerCase();
  const [whole, port = '1'] = HOST.exec(name) ?? [];
  if (whole === undefined || Number(port) < 1 || Number(port) > 65_535) {
    refuse(`${text.trim()} is no domain name or IP address, with a port or without, and without http://`);
  }
  return name;
}

/** Documented: a fixed file excludes the others. */
export function readFile(info: XmlElement | undefined): OriginRule['file'] {
  if (!info) return { prefix: '', suffix: '' };
  expectOnly(
    ...([info, 'FixedFileConfiguration', 'PrefixConfiguration', 'SuffixConfiguration'] as const),
    // Of former years, and still sent by some clients.
    ...['PrefixDirective', 'Prefix', 'Suffix'],
  );
  const fixed = partOf(info, 'FixedFileConfiguration', 'FixedFilePath');
  const former = flagOf(info, 'PrefixDirective', false) ? childOf(info, 'Prefix')?.text : undefined;
  const prefix = partOf(info, 'PrefixConfiguration', 'Prefix') || former || '';
  const suffix = partOf(info, 'SuffixConfiguration', 'Suffix') || childOf(info, 'Suffix')?.text || '';
  if (fixed === '') return { prefix, suffix };
  if (prefix !== '' || suffix !== '') refuse('a fixed file has neither a prefix nor a suffix');
  return { fixed };
}

function partOf(info: XmlElement, name: string, part: string): string {
  const found = childOf(info, name);
  if (!found) return '';
  const replaced = found.children.find(child => child.name.startsWith('ReplacedWith'));
  if (replaced) fail('NotImplemented', { name: replaced.name });
  expectOnly(found, part);
  return childOf(found, part)?.text ?? '';
}
