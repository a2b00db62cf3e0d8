const headers = { 'Content-Type': 'text/plain; charset=utf-8' };

// What bench/echo.ts answers, as an integrated response.
exports.main_handler = async event => ({
  isBase64Encoded: false,
  statusCode: 200,
  headers,
  body: event.httpMethod === 'POST' ? event.body : 'Hello, world!\n',
});
