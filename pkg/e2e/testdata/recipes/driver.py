"""Runs commands from standard input with the recipe and answers each in a line."""
import sys
from concurrent.futures import ThreadPoolExecutor

import tokens


class Store:
    kept = None

    def load(self):
        return self.kept

    def save(self, kept):
        self.kept = kept


store = Store()
session = tokens.Session(store)
last = None


def run(name, argument):
    global last
    if name == "login":
        last = tokens.log_in(store, argument)
        return last
    if name == "refresh":
        last = session.access_token(last)
        return last
    if name == "token":
        return session.access_token()
    if name == "many":
        with ThreadPoolExecutor(8) as pool:
            got = set(pool.map(lambda _: session.access_token(last), range(8)))
        last = next(iter(got))
        return len(got)
    if name == "stored":
        return store.kept["refreshToken"] if store.kept else ""
    if name == "forget":
        store.kept["refreshToken"] = argument
        return "ok"
    if name == "logout":
        session.log_out()
        return "ok"


for line in sys.stdin:
    try:
        print(run(*(line.split() + [""])[:2]), flush=True)
    except tokens.LoginNeeded:
        print("login needed", flush=True)
    except Exception as error:
        print("error", error, flush=True)
