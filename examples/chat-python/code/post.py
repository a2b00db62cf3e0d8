import json
import os

import requests


def post(url, body, headers=None):
    """Gives the status and the answer's text."""
    answer = requests.post(url, json=body, headers=headers, timeout=5)
    return answer.status_code, answer.text


def ask_room(change):
    """Tells the room {"join": id, "name": …} or {"leave": id}; gives its members, and the name of who has left."""
    status, text = post(os.environ["ROOM_URL"] + "/members", change, {"X-Room-Key": os.environ["ROOM_KEY"]})
    if status != 200:
        raise RuntimeError("the room answers %s %s" % (status, text))
    return json.loads(text)


def push(connection, message):
    """Sends text to one client; False if it has gone."""
    websocket = {
        "action": "data send",
        "secConnectionID": connection,
        "dataType": "text",
        "data": json.dumps(message),
    }
    status, text = post(os.environ["PUSH_URL"], {"websocket": websocket})
    if status != 200:
        print("push to %s: %s %s" % (connection, status, text))
    return status == 200


def tell(members, message):
    """Sends it to all; gives how many were still there."""
    gone = [member for member in members if not push(member, message)]
    for member in gone:
        ask_room({"leave": member})
    return len(members) - len(gone)
