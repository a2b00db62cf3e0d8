const express = require('express');

const app = express();
app.use(express.json());

app.get('/', (_request, response) => response.send('Hello from Express'));
app.get('/users/:id', (request, response) => response.json({ id: request.params.id, query: request.query }));
app.post('/users', (request, response) => response.status(201).location('/users/1').json(request.body));
app.get('/away', (_request, response) => response.redirect('/'));

app.listen(process.env.PORT || 3000, '0.0.0.0');
