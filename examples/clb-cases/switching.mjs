// Switching: clients are moved from the address of one load balancer, with a server, to that of another, with a function.

import { balancer, FUNCTION, plainServer, tidyUp, visit } from './cloud.mjs';

const DOMAIN = 'shop.example';
const CLIENTS = 8;
/** Of each client, at either address. */
const REQUESTS = 100;

const server = await plainServer();
try {
  const before = await balancer('switching-server', [{ domain: DOMAIN, server }]);
  const after = await balancer('switching-function', [{ domain: DOMAIN, functionName: FUNCTION }]);

  // What DNS would say.
  let address = before;
  const seen = { server: 0, function: 0, failed: 0 };
  async function client() {
    for (let n = 1; n <= 2 * REQUESTS; n++) {
      // Whoever is halfway moves all: requests of the others are under way.
      if (n === REQUESTS) address = after;
      try {
        const body = await visit(address, DOMAIN);
        seen[body.includes('server') ? 'server' : 'function']++;
      } catch (error) {
        console.error(error.message);
        seen.failed++;
      }
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client));
  console.log(JSON.stringify(seen));
  if (seen.failed > 0) process.exitCode = 1;
} finally {
  await tidyUp(server);
}
