import time

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get('/')
def hello():
    return 'Hello from Flask'


@app.post('/sum')
def total():
    return jsonify(sum=sum(request.get_json()['numbers']))


@app.put('/files/<name>')
def keep(name):
    # A file of any kind, read as it comes.
    size = 0
    while chunk := request.stream.read(65536):
        size += len(chunk)
    return jsonify(name=name, bytes=size)


@app.get('/countdown')
def countdown():
    # What is made bit by bit goes out bit by bit.
    def lines():
        for left in (3, 2, 1):
            yield f'{left}\n'
            time.sleep(0.3)
        yield 'lift-off\n'

    return app.response_class(lines(), mimetype='text/plain')


if __name__ == '__main__':
    app.run(host='0.0.0.0', port=9000, threaded=True)
