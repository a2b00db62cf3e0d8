const { Readable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const Koa = require('koa');

const app = new Koa();

app.use(async (context, next) => {
  const began = Date.now();
  await next();
  context.set('X-Response-Time', `${Date.now() - began}ms`);
});
// What is made bit by bit goes out bit by bit.
async function* countdown() {
  for (let left = 3; left > 0; left--) {
    yield `${left}\n`;
    await sleep(300);
  }
  yield 'lift-off\n';
}
app.use((context, next) => {
  if (context.path !== '/countdown') return next();
  context.type = 'text/plain';
  context.body = Readable.from(countdown(), { objectMode: false });
});
app.use(context => {
  if (context.path === '/cookie') context.cookies.set('seen', 'yes');
  context.body = { hello: 'Koa', path: context.path, query: context.query };
});

app.listen(process.env.PORT || 3000, '0.0.0.0');
