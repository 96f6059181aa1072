# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario of python_client_test.cc with examples/python/assent.py: URL SCENARIO."""
import http.client, http.server, os, pathlib, ssl, subprocess, sys, tempfile, threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))
from assent import Assent, Refused, Unknown, branch, statement

GRANT = "UPDATE wallet SET gold = gold + ? WHERE id = ?"
READ = "SELECT gold FROM wallet WHERE id = ?"


def move(gid, user, amount, there=None):
    return dict(gid=gid, branches=[
        branch("pc", "pc_game", statement(GRANT, -amount, user, expect_rows=1)),
        branch("mobile", "mobile_game", statement(GRANT, amount, there or user, expect_rows=1))])


def execute(client):
    done = client.execute(**move("py-1", 1, 5))
    print(done["outcome"], done["branches"][0]["results"][0]["affected"])
    refused = client.execute(**move("py-2", 1, 5, there=77))
    print(refused["outcome"], refused["cause"]["reason"], refused["cause"]["branch"])
    try:
        client.execute(**move("py-1", 1, 6))
    except Refused as problem:
        print(problem.args[0]["type"])
    try:
        client.execute([branch("pc", "no_such", statement(READ, 1))])
    except Refused as problem:
        print(problem.args[0]["field"])
    print(client.get("py-1")["outcome"], client.get("py-2")["outcome"])


def interactive(client):
    one = client.begin("py-3")
    for name in ("pc", "mobile"):
        one.enlist(name, f"{name}_game", isolation="READ_COMMITTED")
    one.run("pc", GRANT, -7, 2, expect_rows=1)
    print(int(one.run("pc", READ, 2)["rows"][0][0]))
    one.run("mobile", GRANT, 7, 2, expect_rows=1)
    print(one.commit()["outcome"], one.commit()["outcome"], one.roll_back()["outcome"])
    two = client.begin("py-4")
    two.enlist("pc", "pc_game")
    two.run("pc", GRANT, -7, 2)
    print(two.roll_back("changed my mind")["outcome"], two.commit()["outcome"])
    three = client.begin("py-5")
    three.enlist("pc", "pc_game")
    try:
        three.run("pc", GRANT, 1, 77, expect_rows=1)
    except Refused as ended:
        print(ended.args[0]["outcome"])
    try:
        client.begin("py-4")
    except Refused as ended:
        print(ended.args[0]["outcome"])


def resend(client):
    print("sending", flush=True)
    print(client.execute(**move("py-6", 3, 5))["outcome"])


def wait(client):
    print(client.get("py-7", wait="30s")["outcome"])


def give_up(client):
    client.patience = 0.2
    try:
        client.execute(**move("py-8", 4, 5))
    except Unknown as unknown:
        print("unknown", unknown.args[0])


class Gateway(http.server.BaseHTTPRequestHandler):
    """Forwards calls to the coordinator. Does not wait for the answer to the first one."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        coordinator = http.client.HTTPConnection(self.server.coordinator)
        coordinator.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = coordinator.getresponse()
        status, text = answer.status, answer.read()
        self.server.calls += 1
        if self.server.calls == 1:
            status, text = 504, b'{"message": "Endpoint request timed out"}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def gateway(client):
    server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
    server.coordinator, server.calls = client.host, 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = f"{directory}/key.pem", f"{directory}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-subj", "/CN=gateway", "-days", "2",
                        "-addext", "subjectAltName=DNS:localhost", "-newkey", "rsa:2048",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context.load_cert_chain(certificate, key)
        os.environ["SSL_CERT_FILE"] = certificate
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = Assent(f"https://localhost:{server.server_port}").execute(**move("py-9", 5, 5))
    print(done["outcome"], server.calls)


globals()[sys.argv[2]](Assent(sys.argv[1]))
