from html import escape


# An integrated response: status, headers and body are the function's own.
def main_handler(event, context):
    name = event.get("queryString", {}).get("name", "world")
    page = f"<!doctype html><title>Hello</title><h1>Hello, {escape(name)}!</h1><p>{event['httpMethod']} {escape(event['path'])}</p>\n"
    return {
        "isBase64Encoded": False,
        "statusCode": 200,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": page,
    }
