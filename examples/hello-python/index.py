import json


def main_handler(event, context):
    print("event:", json.dumps(event))
    return {"greeting": f"Hello, {event.get('name', 'world')}!", "from": context["function_name"]}
