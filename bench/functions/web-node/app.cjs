// What bench/echo.ts does, on the port of web functions or on another; and which interpreter runs it.
const { createServer } = require('node:http');

const headers = { 'Content-Type': 'text/plain; charset=utf-8' };

createServer((request, response) => {
  if (request.url === '/interpreter') {
    response.writeHead(200, headers).end(process.execPath);
    return;
  }
  if (request.method !== 'POST') {
    response.writeHead(200, headers).end('Hello, world!\n');
    return;
  }
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => response.writeHead(200, headers).end(Buffer.concat(chunks)));
}).listen(Number(process.env.PORT || 9000), '0.0.0.0');
