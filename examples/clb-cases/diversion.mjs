// Diversion: one load balancer, and each domain goes its own way.

import { balancer, FUNCTION, plainServer, tidyUp, visit } from './cloud.mjs';

const server = await plainServer();
try {
  const address = await balancer('diversion', [
    { domain: 'www.shop.example', server },
    { domain: 'api.shop.example', functionName: FUNCTION },
  ]);
  for (const domain of ['www.shop.example', 'api.shop.example']) {
    console.log(`${domain}: ${(await visit(address, domain)).trim()}`);
  }
} finally {
  await tidyUp(server);
}
