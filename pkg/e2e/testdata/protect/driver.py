"""Runs commands from standard input with the recipe and answers each in a line."""
import json
import sys

import jwt
import protect

for line in sys.stdin:
    name, _, argument = line.strip().partition(" ")
    try:
        if name == "verify":
            print("ok", protect.verify(argument)["sub"], flush=True)
        else:
            protect.apply(json.loads(argument))
            print("ok", flush=True)
    except jwt.PyJWTError as refusal:
        print("refused", refusal, flush=True)
