const express = require('express');

const app = express();
app.use(express.json());

app.get('/', (_request, response) => response.send('Hello from Express'));
app.get('/users/:id', (request, response) => response.json({ id: request.params.id, query: request.query }));
app.post('/users', (request, response) => response.status(201).location('/users/1').json(request.body));
// A file of any kind, read as it comes.
app.put('/files/:name', async (request, response) => {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  response.json({ name: request.params.name, bytes });
});
app.get('/away', (_request, response) => response.redirect('/'));

app.listen(process.env.PORT || 3000, '0.0.0.0');
