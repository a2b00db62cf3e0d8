PAGE = "<!doctype html><title>CLB</title><h1>Hello CLB</h1>\n"


# A load balancer takes status, headers and body from its function, and nothing else.
def main_handler(event, context):
    return {
        "isBase64Encoded": False,
        "statusCode": 200,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": PAGE,
    }
