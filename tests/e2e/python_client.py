"""What tests/e2e/python_client_test.cc has examples/python/assent.py do: URL SCENARIO."""
import pathlib, sys

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


globals()[sys.argv[2]](Assent(sys.argv[1]))
