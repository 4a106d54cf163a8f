"""Greets whoever the event names; the letter is a file beside this one."""
import json
import sys

from greeting import letter

event = json.loads(sys.stdin.read() or "{}")
name = event.get("name") or "world"
print(f"greeting {name}", file=sys.stderr)
json.dump({"message": letter(name)}, sys.stdout)
