// npm run bench [-- --only NAME] [--quick]: one line of JSON per measure; NAME is the start of a measure's name.
// npm run bench -- profile [--post]: where the time of the HTTP path goes.

import { parseArgs } from 'node:util';
import { API } from './api.ts';
import { Bench } from './bench.ts';
import { COLD } from './cold.ts';
import { HTTP } from './http.ts';
import { lineOf, type Measure } from './measure.ts';
import { MEMORY } from './memory.ts';
import { profile } from './profile.ts';
import { START } from './start.ts';

/** Measures of one group share what they start; it ends with the group. */
const GROUPS: readonly (readonly Measure[])[] = [HTTP, API, COLD, [...START, ...MEMORY]];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    quick: { type: 'boolean', default: false },
    post: { type: 'boolean', default: false },
  },
});

if (positionals[0] === 'profile') await profile({ seconds: values.quick ? 2 : 8, post: values.post });
else {
  const wanted = (one: Measure) => values.only.some(start => one.name.startsWith(start));
  const groups = GROUPS.map(group => group.filter(wanted)).filter(group => group.length > 0);
  if (groups.length === 0) {
    const names = GROUPS.flat().map(one => one.name);
    console.error(`no measure begins with ${values.only.join(', ')}; there are ${names.join(', ')}`);
    process.exitCode = 2;
  }
  for (const group of groups) {
    const bench = new Bench(values.quick);
    try {
      for (const measure of group) {
        const line = await lineOf(measure, bench);
        console.log(JSON.stringify(line));
        if (line.ok === false) process.exitCode = 1;
      }
    } finally {
      await bench.close();
    }
  }
}
