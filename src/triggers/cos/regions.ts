// Regions as events of the object store shorten them: not the abbreviations of resource names.

/** Documented; the others have none and stand for themselves. */
const SHORT: Readonly<Record<string, string>> = {
  'ap-beijing': 'bj',
  'ap-beijing-1': 'tj',
  'ap-chengdu': 'cd',
  'ap-guangzhou': 'gz',
  'ap-hongkong': 'hk',
  'ap-shanghai': 'sh',
  'ap-singapore': 'sgp',
  'eu-frankfurt': 'ger',
  'na-toronto': 'ca',
};

export function eventRegion(region: string): string {
  return SHORT[region] ?? region;
}
