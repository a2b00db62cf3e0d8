# A client has sent something. What the handler returns is not looked at: clients are answered by pushing.
import json

from post import ask_room, tell


def main_handler(event, context):
    websocket = event["websocket"]
    sender = websocket["secConnectionID"]
    if websocket["dataType"] != "text":
        return "only text is passed on"
    message = json.loads(websocket["data"])
    name = str(message.get("name", "?"))[:40]
    # Also one that the room has forgotten is in it again.
    members = ask_room({"join": sender, "name": name})["members"]
    if "text" not in message:
        return "%s is there" % sender
    told = tell(members, {"name": name, "text": str(message["text"])[:2000]})
    return "sent to %d of %d" % (told, len(members))
