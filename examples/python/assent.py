# SPDX-License-Identifier: Apache-2.0
"""A client of Assent that needs only Python's standard library: copy this file and adapt it.

Every call may be repeated: the coordinator identifies a transaction by its gid, and runs it once.
So after a lost connection, a timeout, a proxy's error, 503 or 202, the client repeats the call
until `patience` seconds have passed. Then the outcome is not known (Unknown): ask later.
"""
import base64, http.client, json, random, time, urllib.parse, uuid


class Unknown(Exception):
    """No conclusive answer. The transaction may have committed, or may yet: repeat the same gid."""


class Refused(Exception):
    """The coordinator refused the request. args[0] is the problem document: type, detail, field."""


def statement(sql, *parameters, expect_rows=None):
    made = {"sql": sql, "parameters": list(parameters)}
    return made if expect_rows is None else {**made, "expect_rows": expect_rows}


def branch(name, resource, *statements, **options):  # isolation="SERIALIZABLE", read_only=True
    return {"name": name, "xa": {"resource": resource, "statements": list(statements), **options}}


def last_resource(name, resource, *statements, **options):  # isolation="SERIALIZABLE"
    body = {"resource": resource, "statements": list(statements), **options}
    return {"name": name, "last_resource": body}


def partner(name, url, payload=None, **options):  # called_by_client=True
    return {"name": name, "tcc": {"url": url, "payload": {} if payload is None else payload, **options}}


class Assent:
    def __init__(self, url="http://127.0.0.1:7430", patience=60.0, timeout=15.0):
        scheme, self.host = urllib.parse.urlsplit(url)[:2]
        if scheme not in ("http", "https"): raise ValueError(f"neither http:// nor https://: {url}")
        self.connect = getattr(http.client, scheme.upper() + "Connection")
        self.patience, self.timeout = patience, timeout

    def execute(self, branches, gid=None, deadline="30s"):
        """Runs a transaction. Check ["outcome"]: COMMITTED, ROLLED_BACK, MIXED or HAZARD."""
        return self.call("POST", "/v1/transactions:execute", {
            "gid": gid or uuid.uuid4().hex, "deadline": deadline, "atomic": {"branches": branches}})

    def begin(self, gid=None, deadline="30s"):
        return Transaction(self, gid or uuid.uuid4().hex, deadline)

    def get(self, gid, wait="0s"):
        """Returns the transaction. Waits up to `wait` for its outcome, which may be UNDECIDED."""
        return self.call("GET", f"/v1/transactions/{gid}?wait={wait}", undecided=True)

    def call(self, method, path, body=None, transaction=None, undecided=False):
        end, tries = time.monotonic() + self.patience, 0
        headers = {"Assent-Transaction": transaction} if transaction else {}
        content = None if body is None else json.dumps(body, default=_bytes)
        if content: headers["Content-Type"] = "application/json"
        while True:
            later, why = random.uniform(0, min(2.0, 0.1 * 2 ** min(tries, 8))), "no answer"
            try:
                status, answer, retry_after = self._send(method, path, content, headers)
                if status != 503 and (status != 202 or undecided):
                    if status < 400 or answer.get("outcome") and "gid-reused" not in answer["type"]:
                        return answer
                    raise Refused(answer)
                later, why = max(later, float(retry_after or 0)), answer.get("detail", status)
            except (OSError, http.client.HTTPException, ValueError) as lost:
                why = lost
            if time.monotonic() + later > end:
                raise Unknown((body or {}).get("gid", path), why)
            tries += 1
            time.sleep(later)

    def _send(self, method, path, content, headers):
        connection = self.connect(self.host, timeout=self.timeout)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            document = json.loads(answer.read())
            kind = document.get("type") if isinstance(document, dict) else None
            if answer.status >= 300 and not str(kind).startswith("urn:assent:"):
                raise ValueError(f"{answer.status}, not from the coordinator")
            return answer.status, document, answer.getheader("Retry-After")
        finally:
            connection.close()


class Transaction:
    """Step by step: enlist branches, run SQL on them, commit or roll back."""

    def __init__(self, assent, gid, deadline):
        self.assent, self.gid, self.seq = assent, gid, {}
        begun = assent.call("POST", "/v1/transactions", {"gid": gid, "deadline": deadline})
        if begun.get("state") != "ACTIVE": raise Refused(begun)  # this gid has already ended
        self.transaction = begun["transaction"]

    def enlist(self, name, resource, **options):
        return self._step("/branches", {"name": name, "xa": {"resource": resource, **options}})

    def enlist_last_resource(self, name, resource, **options):
        body = {"resource": resource, **options}
        return self._step("/branches", {"name": name, "last_resource": body})

    def enlist_partner(self, name, url, payload=None, **options):
        return self._step("/branches", partner(name, url, payload, **options))

    def vote(self, name, prepared, **more):  # for a partner with called_by_client
        return self._step(f"/branches/{name}:vote",
                          {"vote": "PREPARED" if prepared else "REFUSED", **more})

    def run(self, name, sql, *parameters, expect_rows=None):
        """Returns affected, columns and rows. Raises Refused if the transaction rolls back."""
        seq = self.seq.get(name, 0) + 1
        one = statement(sql, *parameters, expect_rows=expect_rows)
        ran = self._step(f"/branches/{name}:run", {"seq": seq, "statements": [one]})
        self.seq[name] = seq
        return ran["results"][0]

    def commit(self):
        return self._call(":commit")

    def roll_back(self, reason=""):
        """Rolls back. ["outcome"] is COMMITTED if a commit came first."""
        return self._call(":rollback", {"reason": reason})

    def _step(self, path, body):
        answer = self._call(path, body)
        if "status" in answer: raise Refused(answer)  # a problem: the transaction has ended
        return answer

    def _call(self, path, body=None):
        path = f"/v1/transactions/{self.gid}{path}"
        return self.assent.call("POST", path, body, self.transaction)


def _bytes(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} is not a valid parameter; pass decimals as text")
