def main_handler(event, context):
    print(f"{event['TriggerName']} ticked at {event['Time']}: {event['Message']}")
    return "ok"
