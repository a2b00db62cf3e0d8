"""WebSocket through API Gateway with `websockets`, a client and server of its own making: what is negotiated and what arrives."""
import json
import os
import threading
import unittest
from urllib.parse import quote, urlsplit

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate
from websockets.sync.client import connect

from scf_test import PATIENT, client, package, request, wait_active

CODE = '''
import json, os, urllib.request

def push(**websocket):
    request = urllib.request.Request(os.environ["PUSH_URL"], json.dumps({"websocket": websocket}).encode())
    with urllib.request.urlopen(request) as answer:
        assert json.loads(answer.read()) == {"errNo": 0, "errMsg": "ok"}

def register(event, context):
    query, websocket = event["queryString"], event["websocket"]
    return {"errNo": int(query.get("errNo", 0)), "errMsg": "as asked for", "websocket": {
        "action": "connecting", "secConnectionID": websocket["secConnectionID"],
        "secWebSocketProtocol": query.get("protocol", ""), "secWebSocketExtensions": query.get("extensions", "")}}

def transport(event, context):
    websocket = event["websocket"]
    if websocket["data"] == "quit":
        return push(action="closing", secConnectionID=websocket["secConnectionID"])
    if websocket["data"] == "fail":
        raise ValueError("asked for")
    push(**websocket)
'''

LONG = "".join(chr(0x4E00 + i * 31 % 5000) for i in range(30000))
NOISE = os.urandom(100000)


def cloud(service, version):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=os.environ["OPENSCF_ENDPOINT"]))
    keys = credential.Credential(os.environ["OPENSCF_SECRET_ID"], os.environ["OPENSCF_SECRET_KEY"])
    return CommonClient(service, version, keys, "ap-guangzhou", profile)


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scf = client()
        for part in ("register", "transport"):
            scf.CreateFunction(request(
                "CreateFunction", FunctionName="py-ws-" + part, Code={"ZipFile": package({"index.py": CODE})},
                Handler="index." + part, Runtime="Python3.10", MemorySize=128, Timeout=60))
            wait_active(scf, "py-ws-" + part)
        gateway = cloud("apigateway", "2018-08-08")

        def call(action, **fields):
            response = gateway.call_json(action, fields)["Response"]
            return response.get("Result", response)

        service = call("CreateService", ServiceName="py-ws", Protocol="http")["ServiceId"]
        api = call(
            "CreateApi", ServiceId=service, ServiceType="SCF", ServiceTimeout=60, Protocol="WEBSOCKET",
            RequestConfig={"Path": "/chat", "Method": "GET"}, ServiceWebsocketRegisterFunctionName="py-ws-register",
            ServiceWebsocketTransportFunctionName="py-ws-transport")["ApiId"]
        call("ReleaseService", ServiceId=service, EnvironmentName="release", ReleaseDesc="")
        push_url = call("DescribeApi", ServiceId=service, ApiId=api)["InternalDomain"]
        scf.UpdateFunctionConfiguration(request(
            "UpdateFunctionConfiguration", FunctionName="py-ws-transport",
            Environment={"Variables": [{"Key": "PUSH_URL", "Value": push_url}]}))
        wait_active(scf, "py-ws-transport")
        cls.url = "ws://%s/_apigw/%s/release/chat" % (urlsplit(push_url).netloc, service)

    def connect(self, query="", **options):
        return connect(self.url + query, compression=None, proxy=None, **PATIENT, **options)

    def test_subprotocols(self):
        for offered, answered, chosen in (
            (["chat", "binary"], "binary", "binary"),
            (["chat", "binary"], "binary,chat", "binary"),
            (["chat"], "other, chat", "chat"),
            (["chat"], "other", None),
            (["chat"], "", None),
            (None, "chat", None),
        ):
            with self.subTest(offered=offered, answered=answered):
                with self.connect("?protocol=" + quote(answered), subprotocols=offered) as ws:
                    self.assertEqual(ws.subprotocol, chosen)
                    ws.send("a")
                    self.assertEqual(ws.recv(60), "a")

    def test_compression(self):
        for offer, answered, used in (
            (Deflate(), "permessage-deflate", True),
            (Deflate(client_max_window_bits=None), "permessage-deflate", True),
            (Deflate(client_max_window_bits=9), "permessage-deflate; client_max_window_bits=9", True),
            (Deflate(server_max_window_bits=15), "permessage-deflate", True),
            (Deflate(server_max_window_bits=12), "permessage-deflate", True),
            (Deflate(server_no_context_takeover=True, client_no_context_takeover=True), "permessage-deflate", True),
            # A window that is too small for the gateway: the offer is declined.
            (Deflate(server_max_window_bits=9), "permessage-deflate", False),
            (Deflate(), "", False),
            (Deflate(), "x-other", False),
            (None, "permessage-deflate", False),
        ):
            with self.subTest(offer=offer and offer.get_request_params(), answered=answered):
                with self.connect("?extensions=" + quote(answered), extensions=offer and [offer]) as ws:
                    self.assertEqual([one.name for one in ws.protocol.extensions], ["permessage-deflate"] if used else [])
                    # Twice: nothing of the first may be needed for the second.
                    for message in (LONG, NOISE, "short", LONG, b"", NOISE + NOISE):
                        ws.send(message)
                        self.assertEqual(ws.recv(60), message)
                    ws.send([LONG[:7], LONG[7:20000], "", LONG[20000:]])
                    self.assertEqual(ws.recv(60), LONG)

    def test_messages_and_pings(self):
        with self.connect(max_size=None) as ws:
            for message in ("", b"", "你好", LONG, NOISE, bytes(1024 * 1024)):
                ws.send(message)
                self.assertEqual(ws.recv(60), message)
            pongs = [ws.ping(bytes([n]) * 125) for n in range(100)]
            ws.send(["fr", "ag", "ments"])
            for pong in pongs:
                self.assertTrue(pong.wait(60))
            self.assertEqual(ws.recv(60), "fragments")

    def test_ends(self):
        for code in (1000, 1001, 1008, 3000, 4999):
            with self.subTest(client=code):
                ws = self.connect()
                ws.close(code, "because")
                self.assertEqual((ws.protocol.close_rcvd.code, ws.protocol.close_rcvd_then_sent), (code, False))
        for message, kind, code in (
            ("quit", ConnectionClosedOK, 1000),
            ("fail", ConnectionClosedError, 1011),
            ("x" * (1024 * 1024 + 1), ConnectionClosedError, 1009),
        ):
            with self.subTest(server=code):
                with self.connect() as ws:
                    ws.send(message)
                    with self.assertRaises(kind) as caught:
                        ws.recv(60)
                    self.assertEqual((caught.exception.rcvd.code, caught.exception.rcvd_then_sent), (code, True))

    def test_a_refusal(self):
        with self.assertRaises(InvalidStatus) as caught:
            self.connect("?errNo=7")
        response = caught.exception.response
        self.assertEqual((response.status_code, json.loads(response.body)), (403, {"errNo": 7, "errMsg": "as asked for"}))
        with self.assertRaises(InvalidStatus) as caught:
            connect(self.url.replace("/chat", "/other"), proxy=None, **PATIENT)
        self.assertEqual(caught.exception.response.status_code, 404)

    def test_many_at_once(self):
        wrong = []

        def talk(n):
            with self.connect() as ws:
                for m in range(5):
                    ws.send("%d %d" % (n, m))
                for m in range(5):
                    said = ws.recv(60)
                    if said != "%d %d" % (n, m):
                        wrong.append((n, m, said))

        threads = [threading.Thread(target=talk, args=(n,)) for n in range(20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        self.assertEqual((wrong, any(one.is_alive() for one in threads)), ([], False))


if __name__ == "__main__":
    unittest.main()
