const headers = { 'Content-Type': 'text/plain; charset=utf-8' };

// A call that is fast, or slow as its query says: `?waitMs=100` waits, `?burnMs=20` computes. One path for all, as
// nothing outside the function can tell such calls apart before they ran.
exports.main_handler = async ({ queryString: { waitMs, burnMs } }) => {
  if (waitMs) await new Promise(resolve => setTimeout(resolve, Number(waitMs)));
  if (burnMs) for (const until = performance.now() + Number(burnMs); performance.now() < until; );
  return { isBase64Encoded: false, statusCode: 200, headers, body: 'Hello, world!\n' };
};
