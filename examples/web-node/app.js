// A web function is a server of your own on port 9000; requests come to it as clients send them.
const http = require('node:http');

const PAGE = `<!doctype html><meta charset="utf-8"><title>web-node</title>
<h1>A web function</h1><p>The server's clock: <output>…</output></p>
<script>
  const shown = document.querySelector('output');
  new EventSource('clock').onmessage = event => { shown.textContent = event.data; };
</script>`;

const server = http.createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path.endsWith('/clock')) return tick(response);
  if (request.method === 'POST') return echo(request, response);
  // Relative addresses in the page need the path to end with a slash, whatever stands before it.
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('X-Request', request.headers['x-scf-request-id'] || '');
  response.end(PAGE);
});

/** Five server-sent events, one a second; EventSource then connects anew. */
function tick(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let left = 5;
  const send = () => {
    response.write(`data: ${new Date().toISOString()}\n\n`);
    left -= 1;
    if (left > 0) timer = setTimeout(send, 1000);
    else response.end();
  };
  let timer;
  response.on('close', () => clearTimeout(timer));
  send();
}

/** Gives back what it gets while it comes, however long that is. */
function echo(request, response) {
  response.writeHead(200, { 'Content-Type': request.headers['content-type'] || 'application/octet-stream' });
  request.pipe(response);
}

// All addresses: a server that listens on 127.0.0.1 is not reached.
server.listen(9000, '0.0.0.0');
