"""hello for AWS's Python runtime client: the same contract as functions/hello-go."""
import sys


def handle(event, _context):
    name = event["name"]
    print(f"greeting {name}", file=sys.stderr)
    return {"message": f"Hello, {name}!"}
