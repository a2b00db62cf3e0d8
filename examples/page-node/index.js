const escape = text => text.replace(/[&<>"]/g, mark => `&#${mark.charCodeAt(0)};`);

// An integrated response: status, headers and body are the function's own.
exports.main_handler = async event => {
  const name = event.queryString?.name ?? 'world';
  return {
    isBase64Encoded: false,
    statusCode: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!doctype html><title>Hello</title><h1>Hello, ${escape(name)}!</h1><p>${event.httpMethod} ${escape(event.path)}</p>\n`,
  };
};
