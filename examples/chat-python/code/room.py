# The page, and who is connected. A web function: one process serves all requests of its instance.
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

PAGE = Path(__file__).with_name("page.html").read_bytes()
# Pages say every 30 seconds that they are there.
FORGET_AFTER_S = 90

# By connection: the name, and when it was last heard of.
members = {}
lock = Lock()


def change(body):
    """{"join": id, "name": …} or {"leave": id}; gives who is there, and the name of who has left."""
    with lock:
        now = time.monotonic()
        if "join" in body:
            connection = body["join"]
            name = body.get("name") or members.get(connection, ("somebody",))[0]
            members[connection] = (name, now)
        left = members.pop(body.get("leave"), None)
        for connection in [one for one, (_, seen) in members.items() if now - seen > FORGET_AFTER_S]:
            del members[connection]
        return {"members": sorted(members), "left": left and left[0]}


class Room(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, "text/html; charset=utf-8", PAGE)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("X-Room-Key") != os.environ["ROOM_KEY"]:
            return self.answer(403, "text/plain", b"the key is wrong\n")
        self.answer(200, "application/json", json.dumps(change(json.loads(body))).encode())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 9000), Room).serve_forever()
