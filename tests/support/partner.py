#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A partner for tests: try, confirm and cancel behind a barrier, kept in SQLite. Tests may kill it at any time.

    partner.py PORT DATABASE

The payload of a call is {"account": 1, "amount": 5}. A try holds the amount, if the account has it (it
begins with 1,000,000); confirm books it, cancel returns it. GET lists everything: account ID LEFT BOOKED,
hold GID BRANCH ACCOUNT AMOUNT STATE TRANSACTION.
PUT /behave with {"operation": "try", "delay": 0.5, "status": 503, "times": 3, "expires": 2.0}
delays or falsifies the next calls of that operation: the answer is `status` instead of doing the
work ("after": true: after doing it).
"""
import http.server, json, re, sqlite3, sys, threading, time
from datetime import datetime, timedelta, timezone

OPENING = 1_000_000
database = sys.argv[2]
local = threading.local()
behaviour, behaviour_lock = {}, threading.Lock()


def connection():
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(database, timeout=30, isolation_level=None)
        local.connection.execute("PRAGMA journal_mode=WAL")
    return local.connection


def set_up():
    connection().executescript("""
        CREATE TABLE IF NOT EXISTS barrier (id TEXT, branch TEXT, operation TEXT, cause TEXT,
                                            PRIMARY KEY (id, branch, operation));
        CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, left INTEGER, booked INTEGER);
        CREATE TABLE IF NOT EXISTS hold (id TEXT, branch TEXT, gid TEXT, account INTEGER,
                                         amount INTEGER, state TEXT, PRIMARY KEY (id, branch));
    """)


def insert(db, key, operation, cause):
    return db.execute("INSERT OR IGNORE INTO barrier VALUES (?, ?, ?, ?)",
                      (*key, operation, cause)).rowcount == 1


def cause_of(db, key, operation):
    row = db.execute("SELECT cause FROM barrier WHERE id = ? AND branch = ? AND operation = ?",
                     (*key, operation)).fetchone()
    return row and row[0]


def do_try(db, key, gid, work, late):
    if not insert(db, key, "try", "try"):
        return 200 if cause_of(db, key, "try") == "try" else 409
    account, amount = work["account"], work["amount"]
    db.execute("INSERT OR IGNORE INTO account VALUES (?, ?, 0)", (account, OPENING))
    held = not late and db.execute("UPDATE account SET left = left - ? WHERE id = ? AND left >= ?",
                                   (amount, account, amount)).rowcount == 1
    if not held:
        db.execute("UPDATE barrier SET cause = 'refused' WHERE id = ? AND branch = ?", key)
        return 409
    db.execute("INSERT INTO hold VALUES (?, ?, ?, ?, ?, 'held')", (*key, gid, account, amount))
    return 200


def do_confirm(db, key):
    if cause_of(db, key, "try") != "try" or cause_of(db, key, "cancel"):
        return 409
    if insert(db, key, "confirm", "confirm"):
        db.execute("""UPDATE account SET booked = booked + (SELECT amount FROM hold
                      WHERE id = ? AND branch = ?) WHERE id = (SELECT account FROM hold
                      WHERE id = ? AND branch = ?)""", key * 2)
        db.execute("UPDATE hold SET state = state || '+confirmed' WHERE id = ? AND branch = ?", key)
    return 200


def do_cancel(db, key):
    empty = insert(db, key, "try", "cancel")
    undo = not empty and cause_of(db, key, "try") == "try"
    if undo and cause_of(db, key, "confirm"):
        return 409
    if insert(db, key, "cancel", "cancel") and undo:
        db.execute("""UPDATE account SET left = left + (SELECT amount FROM hold
                      WHERE id = ? AND branch = ?) WHERE id = (SELECT account FROM hold
                      WHERE id = ? AND branch = ?)""", key * 2)
        db.execute("UPDATE hold SET state = state || '+cancelled' WHERE id = ? AND branch = ?", key)
    return 200


def ledger():
    db = connection()
    lines = [f"account {i} {left} {booked}" for i, left, booked in
             db.execute("SELECT * FROM account ORDER BY id")]
    return "".join(line + "\n" for line in lines + [
        f"hold {gid} {branch} {account} {amount} {state} {transaction}"
        for transaction, branch, gid, account, amount, state in
        db.execute("SELECT * FROM hold ORDER BY gid, branch, id")])


def behave(operation):
    with behaviour_lock:
        wanted = behaviour.get(operation)
        if not wanted:
            return {}
        wanted["times"] -= 1
        if wanted["times"] <= 0:
            del behaviour[operation]
        return dict(wanted)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status, text="{}", headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])) or "{}")

    def do_GET(self):
        self.answer(200, ledger())

    def do_PUT(self):
        wanted = self.body()
        with behaviour_lock:
            behaviour[wanted.pop("operation")] = {"times": 1 << 30, **wanted}
        self.answer(200)

    def do_POST(self):
        work, operation = self.body(), self.path.rsplit("/", 1)[1]
        key = (self.headers["Assent-Transaction"], self.headers["Assent-Branch"])
        fit = re.fullmatch("[0-9a-f]{40}", key[0] or "") and re.fullmatch(r"[\w.-]{1,64}", key[1])
        if not fit or operation != self.headers["Assent-Operation"]:
            return self.answer(400)
        wanted = behave(operation)
        time.sleep(wanted.get("delay", 0))
        if "status" in wanted and not wanted.get("after"):
            return self.answer(wanted["status"])
        late = self.headers["Assent-Deadline"] <= now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        db = connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            if operation == "try":
                status = do_try(db, key, self.headers["Assent-Gid"], work, late)
            else:
                status = do_confirm(db, key) if operation == "confirm" else do_cancel(db, key)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        headers = []
        if operation == "try" and "expires" in wanted:
            ends = now() + timedelta(seconds=wanted["expires"])
            headers.append(("Assent-Expires", ends.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"))
        self.answer(wanted.get("status", status), headers=headers)

    def log_message(self, *_):
        pass


def now():
    return datetime.now(timezone.utc)


set_up()
http.server.ThreadingHTTPServer.request_queue_size = 512
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
