# A function that does what its event says: the attacks stand in the tests.
import calls


def main_handler(event, context):
    names = {"event": event, "call": calls.call, "apart": calls.apart, "calls": calls}
    exec(event["script"], names)
    return names.get("answer")
