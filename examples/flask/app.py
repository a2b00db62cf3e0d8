from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get('/')
def hello():
    return 'Hello from Flask'


@app.post('/sum')
def total():
    return jsonify(sum=sum(request.get_json()['numbers']))


if __name__ == '__main__':
    app.run(host='0.0.0.0', port=9000, threaded=True)
