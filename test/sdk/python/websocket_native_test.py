"""WebSocket of web functions: the server inside is `websockets`, the client outside as well, and nothing between them changes a frame."""
import json
import os
import socket
import struct
import unittest
from pathlib import Path

import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate
from websockets.sync.client import connect

from scf_test import PATIENT, client, package, request, wait_active

APP = '''
import asyncio, http
from websockets.asyncio.server import serve

async def handler(ws):
    if ws.request.path.startswith("/close/"):
        await ws.close(int(ws.request.path.split("/")[2]), "because")
    if ws.request.path == "/who":
        await ws.send(ws.request.headers["X-Scf-Name"] + " " + ws.request.headers["X-Mine"])
    async for message in ws:
        await ws.send(message)

def refuse(connection, request):
    if request.path == "/refuse":
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "not you")

async def main():
    first = lambda connection, offered: offered[0] if offered else None
    async with serve(handler, "0.0.0.0", 9000, select_subprotocol=first, process_request=refuse, max_size=None):
        await asyncio.get_running_loop().create_future()

asyncio.run(main())
'''


def server_files():
    folder = Path(websockets.__file__).parent
    sources = {"websockets/" + path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}
    return {**sources, "app.py": APP, "scf_bootstrap": "#!/bin/bash\nexec python3 app.py\n"}


def frame(opcode, data=b"", fin=True, rsv=0, masked=True, mask=b"\1\2\3\4", length=None):
    length = len(data) if length is None else length
    size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length) if length < 65536 else b"\x7f" + struct.pack(">Q", length)
    head = bytes([(0x80 if fin else 0) | rsv | opcode, size[0] | (0x80 if masked else 0)]) + size[1:]
    return head + (mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)) if masked else data)


class Native(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scf = client()
        scf.CreateFunction(request(
            "CreateFunction", FunctionName="py-ws-native", Type="HTTP", Runtime="Python3.10", MemorySize=128, Timeout=60,
            Code={"ZipFile": package(server_files())}, ProtocolType="WS", ProtocolParams={"WSParams": {"IdleTimeOut": 30}}))
        wait_active(scf, "py-ws-native")
        made = scf.CreateTrigger(request(
            "CreateTrigger", FunctionName="py-ws-native", TriggerName="url", Type="http", Qualifier="$DEFAULT", Enable="OPEN",
            TriggerDesc=json.dumps({"AuthType": "NONE", "NetConfig": {"EnableIntranet": False, "EnableExtranet": True}})))
        cls.url = json.loads(made.TriggerInfo.TriggerDesc)["NetConfig"]["WsExtranetUrl"]

    def connect(self, path="/", **options):
        options = {"compression": None, **options}
        return connect(self.url.rstrip("/") + path, proxy=None, **PATIENT, **options)

    def test_what_is_negotiated_is_between_client_and_function(self):
        with self.connect("/who", subprotocols=["chat", "other"], additional_headers={"X-Mine": "m"}) as ws:
            self.assertEqual((ws.subprotocol, ws.recv(60)), ("chat", "py-ws-native m"))
        for offer in (Deflate(), Deflate(server_max_window_bits=9, client_max_window_bits=9), Deflate(server_no_context_takeover=True)):
            with self.subTest(offer=offer.get_request_params()):
                with self.connect(extensions=[offer]) as ws:
                    self.assertEqual([one.name for one in ws.protocol.extensions], ["permessage-deflate"])
                    # Compressed with the help of the one before, where nobody has forbidden it.
                    for _ in range(3):
                        ws.send("你好" * 20000)
                        self.assertEqual(ws.recv(60), "你好" * 20000)

    def test_messages_fragments_and_pings(self):
        with self.connect() as ws:
            pongs = [ws.ping(bytes([n]) * 125) for n in range(5)]
            for message in ("", b"", "你好", os.urandom(60000)):
                ws.send(message)
                self.assertEqual(ws.recv(60), message)
            ws.send(["fr", "ag", "", "ments"])
            self.assertEqual(ws.recv(60), "fragments")
            for pong in pongs:
                self.assertTrue(pong.wait(60))

    def test_each_has_its_own_instance(self):
        with self.connect() as one, self.connect() as other:
            one.send("one")
            other.send("other")
            self.assertEqual((one.recv(60), other.recv(60)), ("one", "other"))

    def test_close_codes(self):
        for code in (1000, 1001, 1008, 1011, 3000, 4999):
            with self.subTest(client=code):
                ws = self.connect()
                ws.close(code, "because")
                self.assertEqual((ws.close_code, ws.close_reason), (code, "because"))
            with self.subTest(server=code):
                with self.connect("/close/%d" % code) as ws:
                    with self.assertRaises(ConnectionClosed) as caught:
                        ws.recv(60)
                    self.assertEqual((caught.exception.rcvd.code, caught.exception.rcvd.reason), (code, "because"))

    def test_what_breaks_the_rules_is_for_the_function_to_refuse(self):
        bad = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
        for what, data, code in (
            ("no mask", frame(1, b"a", masked=False), 1002),
            ("reserved bits", frame(1, b"a", rsv=0x10), 1002),
            ("compression that was not agreed upon", frame(1, b"a", rsv=0x40), 1002),
            ("a reserved opcode", frame(3, b"a"), 1002),
            ("a reserved control opcode", frame(11), 1002),
            ("a continuation of nothing", frame(0, b"a"), 1002),
            ("a message within a message", frame(1, b"a", fin=False) + frame(1, b"b"), 1002),
            ("a ping of 126 bytes", frame(9, b"x" * 126), 1002),
            ("a ping in fragments", frame(9, b"a", fin=False), 1002),
            ("a close frame of one byte", frame(8, b"a"), 1002),
            ("a code that may not be sent", frame(8, struct.pack(">H", 1005)), 1002),
            ("bad UTF-8", frame(1, bad), 1007),
            ("bad UTF-8 across frames", frame(1, bad[:8], fin=False) + frame(9, b"between") + frame(0, bad[8:]), 1007),
            # The platform's own limit.
            ("a message of more than 256 KB", frame(2, length=256 * 1024 + 1), 1009),
            ("fragments of more than 256 KB", frame(2, bytes(100), fin=False) + frame(0, length=256 * 1024), 1009),
            ("a length beyond all numbers", frame(2, length=2**63 - 1), 1009),
        ):
            with self.subTest(what):
                with self.connect() as ws:
                    ws.send("first")
                    self.assertEqual(ws.recv(60), "first")
                    ws.socket.sendall(data)
                    with self.assertRaises(ConnectionClosed) as caught:
                        ws.recv(60)
                    self.assertEqual(caught.exception.rcvd and caught.exception.rcvd.code, code)

    def test_a_client_that_ends_its_half_has_gone(self):
        ws = self.connect()
        ws.socket.shutdown(socket.SHUT_WR)
        with self.assertRaises(ConnectionClosed):
            ws.recv(60)
        with self.connect() as another:
            another.send("a")
            self.assertEqual(another.recv(60), "a")

    def test_a_refusal_is_the_functions(self):
        with self.assertRaises(InvalidStatus) as caught:
            self.connect("/refuse")
        self.assertEqual((caught.exception.response.status_code, caught.exception.response.body), (401, b"not you"))


if __name__ == "__main__":
    unittest.main()
