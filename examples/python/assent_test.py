# SPDX-License-Identifier: Apache-2.0
"""Tests the client with prepared answers: python3 -m unittest assent_test"""
import http.server, json, pathlib, sys, threading, unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import assent

COMMITTED = {"gid": "g", "outcome": "COMMITTED"}
STARTING = {"type": "urn:assent:busy", "status": 503, "detail": "starting"}
PROBLEM = {"type": "urn:assent:invalid", "status": 400, "field": "gid", "detail": "no"}


class Answers(http.server.BaseHTTPRequestHandler):
    """Sends the prepared answers in order, and records the requests."""

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path, self.rfile.read(length)))
        status, document = self.server.answers.pop(0)
        if status == 0:  # the connection is lost
            return
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *words):
        pass


class Client(unittest.TestCase):
    def client(self, *answers, patience=30):
        server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        server.answers, server.seen = list(answers), []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.seen = server.seen
        return assent.Assent(f"http://127.0.0.1:{server.server_port}", patience)

    def test_repeats_a_call_until_the_outcome_is_known(self):
        client = self.client((0, None), (503, STARTING),
                             (202, {"outcome": "UNDECIDED"}), (502, b"<html>a proxy</html>"),
                             (200, COMMITTED))
        self.assertEqual(client.execute([])["outcome"], "COMMITTED")
        self.assertEqual(len(self.seen), 5)
        self.assertEqual(len(set(self.seen)), 1, "the same request, with the same gid")
        self.assertTrue(json.loads(self.seen[0][2])["gid"])

    def test_retries_after_an_error_that_is_not_from_the_coordinator(self):
        theirs = ((504, {"message": "Endpoint request timed out"}), (500, ["no"]), (502, "no"),
                  (404, {"type": "about:blank", "status": 404}), (403, {"type": 7}))
        self.assertEqual(self.client(*theirs, (200, COMMITTED)).execute([], "g"), COMMITTED)
        self.assertEqual(len(self.seen), 6)

    def test_sends_nothing_if_the_scheme_is_wrong(self):
        with self.assertRaises(assent.Unknown):  # the server does not support TLS
            client = self.client((200, COMMITTED))
            assent.Assent(f"https://{client.host}", patience=0).execute([])
        self.assertEqual(self.seen, [])
        for url in ("localhost:7430", "127.0.0.1:7430", "ftp://localhost", ""):
            with self.assertRaises(ValueError):
                assent.Assent(url)

    def test_returns_a_roll_back_as_an_outcome(self):
        rolled_back = {"type": "urn:assent:rolled-back", "status": 409, "outcome": "ROLLED_BACK"}
        self.assertEqual(self.client((409, rolled_back)).execute([], "g"), rolled_back)

    def test_raises_refused_for_a_problem(self):
        reused = {"type": "urn:assent:gid-reused", "status": 422, "outcome": "COMMITTED"}
        for status, problem in ((400, PROBLEM), (422, reused)):
            with self.assertRaises(assent.Refused) as caught:
                self.client((status, problem)).execute([], "g")
            self.assertEqual(caught.exception.args[0], problem)
            self.assertEqual(len(self.seen), 1)

    def test_raises_unknown_without_a_conclusive_answer(self):
        client = self.client(*[(503, STARTING)] * 100, patience=0.3)
        with self.assertRaises(assent.Unknown) as caught:
            client.execute([], "my-gid")
        self.assertEqual(caught.exception.args, ("my-gid", "starting"))

    def test_get_returns_an_undecided_transaction(self):
        client = self.client((202, {"outcome": "UNDECIDED"}))
        self.assertEqual(client.get("g", wait="1s")["outcome"], "UNDECIDED")
        self.assertEqual(self.seen[0][1], "/v1/transactions/g?wait=1s")

    def test_counts_only_answered_runs(self):
        begun = {"gid": "g", "state": "ACTIVE", "transaction": "0" * 40}
        ran = {"results": [{"affected": 1}]}
        client = self.client((200, begun), (200, ran), (400, PROBLEM), (0, None), (200, ran))
        transaction = client.begin("g")
        transaction.run("pc", "UPDATE a")
        with self.assertRaises(assent.Refused):
            transaction.run("pc", "COMMIT")
        transaction.run("pc", "UPDATE b")
        seqs = [json.loads(content)["seq"] for _, path, content in self.seen if ":run" in path]
        self.assertEqual(seqs, [1, 2, 2, 2])

    def test_accepts_any_payload_for_a_partner(self):
        for payload, sent in ((None, {}), (0, 0), ([], []), ({"code": "A1"}, {"code": "A1"})):
            made = assent.partner("p", "http://h/p", payload, called_by_client=True)
            self.assertEqual(made, {"name": "p", "tcc": {
                "url": "http://h/p", "payload": sent, "called_by_client": True}})

    def test_enlists_a_partner_and_votes_for_it(self):
        begun = {"gid": "g", "state": "ACTIVE", "transaction": "t"}
        one = self.client((200, begun), (200, begun), (200, begun), (200, COMMITTED)).begin("g")
        one.enlist_partner("p", "http://h/p", {"code": "A1"}, called_by_client=True)
        one.vote("p", False, reason="sold out")
        one.commit()
        self.assertEqual([path for _, path, _ in self.seen[1:]], [
            "/v1/transactions/g/branches", "/v1/transactions/g/branches/p:vote",
            "/v1/transactions/g:commit"])
        self.assertEqual(json.loads(self.seen[1][2])["tcc"]["payload"], {"code": "A1"})
        self.assertEqual(json.loads(self.seen[2][2]), {"vote": "REFUSED", "reason": "sold out"})

    def test_encodes_bytes(self):
        client = self.client((200, COMMITTED))
        client.execute([assent.branch("a", "r", assent.statement("INSERT", b"\x00\xff"))])
        sent = json.loads(self.seen[0][2])["atomic"]["branches"][0]["xa"]["statements"][0]
        self.assertEqual(sent["parameters"], [{"bytes": "AP8="}])


if __name__ == "__main__":
    unittest.main()
