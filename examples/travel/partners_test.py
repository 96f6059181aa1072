# SPDX-License-Identifier: Apache-2.0
"""Tests the partners with invalid orders, invalid calls and a missing secret.

    python3 partners_test.py       ASSENT_BIN_DIR contains travel_flight and travel_hotel
"""
import base64, hashlib, hmac, http.client, os, pathlib, socket, sqlite3, subprocess, sys
import tempfile, time, unittest

HERE = pathlib.Path(__file__).parent
PAYMENT = (sys.executable, str(HERE / "payment.py"), "0")
KEYS = {"ours": b"the secret of the payment", "another": b"the secret of the airline"}
COUNT = iter(range(1, 1000))


def secret(whose):
    return "whsec_" + base64.b64encode(KEYS[whose]).decode()


class Start(unittest.TestCase):
    def test_does_not_start_without_the_secret(self):
        programs = os.environ["ASSENT_BIN_DIR"]
        environment = {name: value for name, value in os.environ.items() if name != "TRAVEL_SECRET"}
        for command in ((f"{programs}/travel_flight", "0", "tcp://127.0.0.1:1/flight"),
                        (f"{programs}/travel_hotel", "0", "Server=127.0.0.1;Port=1"),
                        (*PAYMENT, "/dev/null")):
            for given in ({}, {"TRAVEL_SECRET": ""}):
                ended = subprocess.run(command, env={**environment, **given}, timeout=30, text=True,
                                       capture_output=True)
                self.assertEqual(ended.returncode, 1, command)
                self.assertIn("TRAVEL_SECRET is not set", ended.stderr)


class Payment(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.database = directory.name + "/payment.sqlite"
        self.log = open(directory.name + "/log", "w+")
        self.addCleanup(self.log.close)
        self.partner = subprocess.Popen(
            (*PAYMENT, self.database), env={**os.environ, "TRAVEL_SECRET": secret("ours")},
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.partner.stdout.close)
        self.addCleanup(self.partner.wait)
        self.addCleanup(self.partner.kill)
        self.port = int(self.partner.stdout.readline().split("/")[2].split(":")[1])

    def call(self, operation, body, number, key="ours", deadline="2999-01-01T00:00:00Z"):
        """Calls the partner for the transaction with this number; returns the status."""
        identity, now = f"{number:040x}/payment/{operation}", str(int(time.time()))
        digest = hmac.new(KEYS[key], f"{identity}.{now}.".encode() + body, hashlib.sha256).digest()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", f"/payment/{operation}", body, {
            "Assent-Transaction": f"{number:040x}", "Assent-Branch": "payment",
            "Assent-Operation": operation, "Assent-Deadline": deadline,
            "Idempotency-Key": identity, "webhook-id": identity, "webhook-timestamp": now,
            "webhook-signature": "v1," + base64.b64encode(digest).decode()})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def credit_left(self):
        db = sqlite3.connect(self.database)
        left = db.execute("SELECT credit_left FROM card").fetchone()[0]
        db.close()
        return left

    def test_blocks_charges_and_frees(self):
        order, kept, freed = b'{"card": "ada", "amount": 420}', next(COUNT), next(COUNT)
        for number in (kept, freed):
            self.assertEqual(self.call("try", order, number), 200)
        self.assertEqual(self.credit_left(), 1160)
        self.assertEqual(self.call("confirm", order, kept), 200)
        self.assertEqual(self.call("cancel", order, freed), 200)
        self.assertEqual(self.credit_left(), 1580)

    def test_refuses_an_invalid_order_and_accepts_its_cancel(self):
        amounts = ("-420", "0", "419.99", "true", "null", '"420"', "1e999", "NaN", str(1 << 63),
                   "9" * 5000)
        orders = [f'{{"card": "ada", "amount": {amount}}}' for amount in amounts]
        orders += ["", "{", "[]", "7", "{}", '{"card": "ada"}', '{"card": 7, "amount": 1}',
                   '{"card": "\\ud800", "amount": 1}', "[" * 60000]
        for order in orders:
            with self.subTest(order=order[:60]):
                number = next(COUNT)
                self.assertEqual(self.call("try", order.encode(), number), 409)
                self.assertEqual(self.call("cancel", order.encode(), number), 200)
                self.assertEqual(self.call("try", order.encode(), number), 409)
        self.assertEqual(self.credit_left(), 2000)

    def test_refuses_a_late_try_finally(self):
        order, number = b'{"card": "ada", "amount": 420}', next(COUNT)
        self.assertEqual(self.call("try", order, number, deadline="2020-01-01T00:00:00Z"), 409)
        self.assertEqual(self.call("try", order, number), 409)
        for no_time in ("", "soon", "2999-01-01T00:00:00"):
            self.assertEqual(self.call("try", order, next(COUNT), deadline=no_time), 400)
        self.assertEqual(self.credit_left(), 2000)

    def test_refuses_a_call_signed_with_another_secret(self):
        order, number = b'{"card": "ada", "amount": 420}', next(COUNT)
        self.assertEqual(self.call("try", order, number, key="another"), 401)
        self.assertEqual(self.call("try", order, number), 200)
        self.assertEqual(self.call("cancel", order, number, key="another"), 401)
        self.assertEqual(self.credit_left(), 1580)

    def test_reports_a_contradiction_of_confirm_and_cancel(self):
        number = next(COUNT)
        self.assertEqual(self.call("confirm", b"{}", number), 409)
        self.log.seek(0)
        self.assertIn(f"a person must look: a confirm without a try, or after a cancel: "
                      f"{number:040x}/payment\n", self.log.read())

    def test_refuses_a_body_without_a_valid_length(self):
        for length in ("", "Content-Length: -1\r\n", "Content-Length: 10000000\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
                connection.sendall(f"POST /payment/try HTTP/1.1\r\n{length}\r\n".encode())
                answer = connection.makefile("rb").read()  # until the partner closes
                self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)


if __name__ == "__main__":
    unittest.main()
