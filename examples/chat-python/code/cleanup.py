# A client has gone, or its connection broke.
from post import ask_room, tell


def main_handler(event, context):
    print("cleanup %s" % event)
    room = ask_room({"leave": event["websocket"]["secConnectionID"]})
    if room["left"]:
        tell(room["members"], {"left": room["left"]})
    return {"errNo": 0, "errMsg": "ok"}
