// npm run bench [-- --only NAME] [--quick] [--peers] [--table]: one line of JSON per measure; NAME is the start of a
// measure's name; with --table the lines go to stderr and a table in Markdown to stdout.
// npm run bench -- profile [--post] [--web]: where the time of the HTTP path goes.

import { parseArgs } from 'node:util';
import { API } from './api.ts';
import { ASYNC } from './async.ts';
import { Bench } from './bench.ts';
import { BURST } from './burst.ts';
import { COLD } from './cold.ts';
import { DOWNLOAD } from './download.ts';
import { HTTP } from './http.ts';
import { KEYS } from './keys.ts';
import { lineOf, type Measure, withSteal } from './measure.ts';
import { MEMORY } from './memory.ts';
import { MIXED } from './mixed.ts';
import { NOTICES } from './notices.ts';
import { NGINX, PEERS } from './peers.ts';
import { POOL } from './pool.ts';
import { machineTicks, stealPercent } from './processes.ts';
import { profile } from './profile.ts';
import { QUEUE } from './queue.ts';
import { START } from './start.ts';
import { type Row, tableOf } from './table.ts';
import { UPLOAD } from './upload.ts';
import { UPLOADS } from './uploads.ts';
import { CLB, URLS, WEB } from './web.ts';
import { WEBSOCKET } from './websocket.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    post: { type: 'boolean', default: false },
    web: { type: 'boolean', default: false },
  },
});

/** Measures of one group share what they start; it ends with the group. */
const GROUPS: readonly (readonly Measure[])[] = [
  [...HTTP, ...URLS, ...CLB, ...NGINX, ...(values.peers ? PEERS : [])],
  API,
  WEB,
  WEBSOCKET,
  ASYNC,
  QUEUE,
  [...DOWNLOAD, ...UPLOAD, ...NOTICES],
  KEYS,
  UPLOADS,
  MIXED,
  BURST,
  COLD,
  POOL,
  [...START, ...MEMORY],
];

if (positionals[0] === 'profile') await profile({ seconds: values.quick ? 2 : 8, post: values.post, web: values.web });
else {
  const wanted = (one: Measure) => values.only.some(start => one.name.startsWith(start));
  const groups = GROUPS.map(group => group.filter(wanted)).filter(group => group.length > 0);
  if (groups.length === 0) {
    const names = GROUPS.flat().map(one => one.name);
    console.error(`no measure begins with ${values.only.join(', ')}; there are ${names.join(', ')}`);
    process.exitCode = 2;
  }
  const rows: Row[] = [];
  let bench = new Bench(values.quick);
  let closing = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Peers and folders would outlive this program. The signal may come twice: whoever stops servers sends it again.
    process.on(signal, () => {
      if (!closing) void bench.close().finally(() => process.exit(1));
      closing = true;
    });
  }
  for (const group of groups) {
    bench = new Bench(values.quick);
    try {
      for (const measure of group) {
        const before = await machineTicks();
        const line = withSteal(await lineOf(measure, bench), stealPercent(before, await machineTicks()));
        (values.table ? console.error : console.log)(JSON.stringify(line));
        rows.push({ line, better: measure.better });
        if (line.ok === false) process.exitCode = 1;
      }
    } finally {
      await bench.close();
    }
  }
  if (values.table && rows.length > 0) process.stdout.write(tableOf(rows));
}
