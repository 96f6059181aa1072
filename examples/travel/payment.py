#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The payment partner: try, confirm and cancel in plain Python and SQL, with SQLite.

    payment.py PORT DATABASE        TRAVEL_SECRET is the secret that it shares with the agency

An order is {"card": "ada", "amount": 420}, in whole units. Try blocks the amount, confirm charges
it, and cancel frees it. The barrier is the one of docs/barrier.md, statement by statement. BEGIN
IMMEDIATE allows only one local transaction at a time to write, so reads need no locks.
"""
import base64, hashlib, hmac, json, os, re, signal, sqlite3, sys, threading, time, traceback
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def read_secret():
    """Standard Webhooks: whsec_ and 24 to 64 bytes in base64. Exits if it is missing."""
    secret = os.environ.get("TRAVEL_SECRET", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        sys.exit("TRAVEL_SECRET is not set or invalid: need whsec_, then 24 to 64 bytes in base64")
    return key


PORT, DATABASE, SECRET = int(sys.argv[1]), sys.argv[2], read_secret()

TABLES = """
CREATE TABLE IF NOT EXISTS assent_barrier (
  "transaction" TEXT NOT NULL, branch TEXT NOT NULL, operation TEXT NOT NULL,
  cause TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY ("transaction", branch, operation));
CREATE TABLE IF NOT EXISTS card (name TEXT PRIMARY KEY, credit INTEGER NOT NULL,
  credit_left INTEGER NOT NULL CHECK (credit_left >= 0));
CREATE TABLE IF NOT EXISTS payment ("transaction" TEXT NOT NULL, branch TEXT NOT NULL,
  card TEXT NOT NULL, amount INTEGER NOT NULL, state TEXT NOT NULL,  -- blocked, charged, freed
  PRIMARY KEY ("transaction", branch));
INSERT OR IGNORE INTO card VALUES ('ada', 2000, 2000);
"""
THIS_ROW = '"transaction" = ? AND branch = ?'


class Answer(Exception):
    """Ends a call with a status and a text; `commits`: whether the local transaction commits."""

    def __init__(self, status, text, commits=False):
        super().__init__(text)
        self.status, self.text, self.commits = status, text, commits


def now():
    return datetime.now(timezone.utc)


# ---- The barrier ----

def insert(db, key, operation, cause):
    done = db.execute("INSERT INTO assent_barrier VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                      (*key, operation, cause, now().isoformat(timespec="milliseconds")))
    return done.rowcount == 1


def contradiction(key, what):
    """Reports a contradiction that only a person can resolve, and does not commit."""
    print(f"a person must look: {what}: {'/'.join(key)}", file=sys.stderr, flush=True)
    return Answer(409, f"a person must look: {what}")


def read(db, key, operation):
    row = db.execute(f"SELECT cause FROM assent_barrier WHERE {THIS_ROW} AND operation = ?",
                     (*key, operation)).fetchone()
    return row and row[0]


def do_try(db, key, body, too_late):
    if not insert(db, key, "try", "refused" if too_late else "try"):
        cause = read(db, key, "try")
        if cause == "try":
            return "a duplicate"
        raise Answer(409, {"cancel": "suspended: cancel came first"}.get(cause, "refused"), True)
    if too_late:
        raise Answer(409, "the deadline has passed", True)
    db.execute("SAVEPOINT work")
    refusal = block(db, key, body)
    if refusal:  # it is final: a duplicate is refused too
        db.execute("ROLLBACK TO SAVEPOINT work")
        db.execute("UPDATE assent_barrier SET cause = 'refused' "
                   f"WHERE {THIS_ROW} AND operation = 'try' AND cause = 'try'", key)
        raise Answer(409, refusal, True)
    return "blocked"


def do_confirm(db, key):
    if read(db, key, "try") != "try" or read(db, key, "cancel"):
        raise contradiction(key, "a confirm without a try, or after a cancel")
    if not insert(db, key, "confirm", "confirm"):
        return "a duplicate"
    charge(db, key)
    return "charged"


def do_cancel(db, key):
    is_empty = insert(db, key, "try", "cancel")
    undo = not is_empty and read(db, key, "try") == "try"
    if undo and read(db, key, "confirm"):
        raise contradiction(key, "a cancel after its confirm")
    if not insert(db, key, "cancel", "cancel"):
        return "a duplicate"
    if undo:
        free(db, key)
    return "freed" if undo else "nothing to free"


# ---- The business code ----

def read_order(body):
    """Returns the card and the amount; None if the order is invalid."""
    try:
        order = json.loads(body)
        card, amount = order["card"], order["amount"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    is_good = isinstance(card, str) and card.isprintable() and type(amount) is int
    return (card, amount) if is_good and 0 < amount < 1 << 63 else None  # what SQLite can hold


def block(db, key, body):
    """Returns why it refuses, or None. Only try reads the order; a cancel has the same payload."""
    order = read_order(body)
    if not order:
        return "an order needs a card and an amount, a whole number above 0"
    card, amount = order
    taken = db.execute("UPDATE card SET credit_left = credit_left - ? WHERE name = ? AND "
                       "credit_left >= ?", (amount, card, amount))
    if taken.rowcount == 0:
        return "the card has not enough credit"
    db.execute("INSERT INTO payment VALUES (?, ?, ?, ?, 'blocked')", (*key, card, amount))
    return None


def charge(db, key):
    db.execute(f"UPDATE payment SET state = 'charged' WHERE {THIS_ROW}", key)


def free(db, key):
    db.execute("UPDATE card SET credit_left = credit_left + (SELECT amount FROM payment WHERE "
               f"{THIS_ROW}) WHERE name = (SELECT card FROM payment WHERE {THIS_ROW})", key * 2)
    db.execute(f"UPDATE payment SET state = 'freed' WHERE {THIS_ROW}", key)


# ---- HTTP ----

def verify(headers, body):
    """Standard Webhooks: HMAC-SHA256 over id.timestamp.body; the id is the idempotency key."""
    identity, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    digest = hmac.new(SECRET, f"{identity}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split(" ")
    is_fresh = sent_at.isdigit() and abs(time.time() - int(sent_at)) < 300
    bound = identity == headers.get("Idempotency-Key", "").replace(".", "%2E")
    if not (is_fresh and bound and any(hmac.compare_digest(wanted, one) for one in given)):
        raise Answer(401, "the signature is invalid")


def has_passed(deadline):
    try:
        return now() > datetime.fromisoformat(deadline.replace("Z", "+00:00"))
    except (TypeError, ValueError):  # not a time, or one without a time zone
        raise Answer(400, "Assent-Deadline is missing or invalid") from None


def open_database():
    db = sqlite3.connect(DATABASE, timeout=5, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")  # per connection: a commit is durable
    return db


def serve(path, headers, body):
    """Serves a whole call: verifies it, and runs it in one local transaction."""
    match = re.fullmatch(r"/payment/(try|confirm|cancel)", path)
    if not match:
        raise Answer(404, "no partner at this path")
    operation = match[1]
    verify(headers, body)
    key = (headers.get("Assent-Transaction", ""), headers.get("Assent-Branch", ""))
    if not (re.fullmatch(r"[0-9a-f]{40}", key[0]) and re.fullmatch(r"[\w-][\w.-]{0,63}", key[1], re.A)
            and headers.get("Assent-Operation") == operation
            and headers.get("Idempotency-Key") == "/".join((*key, operation))):
        raise Answer(400, "a header that identifies the call is missing or invalid")
    db = open_database()
    try:
        db.execute("BEGIN IMMEDIATE")
        if operation == "try":
            text = do_try(db, key, body, has_passed(headers.get("Assent-Deadline", "")))
        else:
            text = do_confirm(db, key) if operation == "confirm" else do_cancel(db, key)
        db.execute("COMMIT")  # answer only after the commit
        return text
    except Answer as answer:
        db.execute("COMMIT" if answer.commits else "ROLLBACK")
        raise
    finally:
        db.close()  # rolls back if nothing was committed


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds per read; the coordinator closes idle connections after 30 seconds

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,6}", length):  # below 1 MB
            self.close_connection = True
            return self.answer(413, "the body is too large, or its length is missing")
        body = self.rfile.read(int(length))
        try:
            status, text = 200, serve(self.path, self.headers, body)
        except Answer as answer:
            status, text = answer.status, answer.text
        except sqlite3.OperationalError as error:  # busy, full, or a commit that failed
            status, text = 503, f"not now: {error}"
        except Exception:
            traceback.print_exc()
            status, text = 500, "the business code or its SQL failed; see the partner's log"
        self.answer(status, text)

    def answer(self, status, text):
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def main():
    db = open_database()
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(TABLES)
    db.close()
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://127.0.0.1:{server.server_port}/payment is ready", flush=True)
    server.serve_forever(poll_interval=0.1)


main()
