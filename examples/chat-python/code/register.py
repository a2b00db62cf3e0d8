# A client wants to connect. Whatever else than errNo 0 comes back, or an exception, refuses it.
from post import ask_room


def main_handler(event, context):
    print("register %s" % event)
    websocket = event["websocket"]
    connection = websocket["secConnectionID"]
    reply = {"errNo": 0, "errMsg": "ok"}
    if event.get("requestContext", {}).get("websocketEnable") is not True:
        reply = {"errNo": 1, "errMsg": "this is no WebSocket"}
    else:
        ask_room({"join": connection})
    # Nothing of what the client offers in its headers is taken up.
    reply["websocket"] = {
        "action": "connecting",
        "secConnectionID": connection,
        "secWebSocketProtocol": "",
        "secWebSocketExtensions": "",
    }
    return reply
