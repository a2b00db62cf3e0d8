// Regions as resource names shorten them.

/** Documented abbreviations; other regions stand for themselves, which clients accept. */
const SHORT: Readonly<Record<string, string>> = {
  'ap-guangzhou': 'gz',
  'ap-shanghai': 'sh',
  'ap-beijing': 'bj',
  'ap-chengdu': 'cd',
  'ap-chongqing': 'cq',
  'ap-hongkong': 'hk',
  'ap-singapore': 'sg',
  'ap-nanjing': 'nj',
};

export function shortRegion(region: string): string {
  return SHORT[region] ?? region;
}
