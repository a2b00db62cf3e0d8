const Koa = require('koa');

const app = new Koa();

app.use(async (context, next) => {
  const began = Date.now();
  await next();
  context.set('X-Response-Time', `${Date.now() - began}ms`);
});
app.use(context => {
  if (context.path === '/cookie') context.cookies.set('seen', 'yes');
  context.body = { hello: 'Koa', path: context.path, query: context.query };
});

app.listen(process.env.PORT || 3000, '0.0.0.0');
