"""Both sides of C2SP tlog-witness against one that shares no code with them: `xuefen serve` asks the witness in witness.py,
and `xuefen witness` is asked by what is written here."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from merkle import leaf_hash
from witness import DASH, Witness, cosigned_at, key_id, node_hash
from xuefen.v1 import log_service_pb2, log_service_pb2_grpc

SECONDS = 60
ORIGIN = "log.example/python"


class Program:
    """A server of the program on a free port; ended well at the end."""

    def __init__(self, *words):
        command = [os.environ["XUEFEN_BIN"], *words, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.kill()
            raise RuntimeError(self.process.stderr.read().decode())
        self.address = line.split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0


def run(*words):
    done = subprocess.run([os.environ["XUEFEN_BIN"], "--json", *words], capture_output=True, check=True, timeout=SECONDS)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A ledger of its own, without an entry: its directory and the vkey of its log."""
    directory = tmp_path_factory.mktemp("witnessed")
    ministry = run("keys", "new", str(directory / "ministry"), "--name", "x-ministry")
    made = run("init", "--dir", str(directory / "ledger"), "--origin", "ledger.example/python", "--authority", ministry["vkey"])
    return directory, made["log"], made["status"]


def test_our_server_has_its_checkpoints_cosigned_by_this_witness(ledger):
    directory, log, status = ledger
    witness = Witness("python.example/w", [log])
    (directory / "policy.txt").write_text(
        f"log {log} https://ledger.example/\nwitness w {witness.vkey} {witness.url}/\nquorum w\n"
    )
    words = ("serve", "--dir", str(directory / "ledger"), "--plaintext", "--witnesses", str(directory / "policy.txt"))
    try:
        with Program(*words) as server, grpc.insecure_channel(server.address) as channel:
            stub = log_service_pb2_grpc.LogServiceStub(channel)
            genesis = ("registry", "genesis", "--name", "示例账本", "--authority-name", "示例主管部门", "--status", status)
            by = ("--issuer", "x-ministry", "--key", str(directory / "ministry"))
            run(*genesis, *by, "--server", f"http://{server.address}", "--plaintext")
            asked = log_service_pb2.WatchCheckpointsRequest(witnessed=True, min_size=1)
            first = next(iter(stub.WatchCheckpoints(asked, timeout=SECONDS)))
            assert first.tree_size == 1 and cosigned_at(first.note, witness.vkey)
            shown = stub.GetCheckpoint(log_service_pb2.GetCheckpointRequest(), timeout=SECONDS).witnessing
            assert (shown.witnessed_size, shown.witnesses[0].tree_size, shown.witnesses[0].problem) == (1, 1, "")
            public = urllib.request.urlopen(f"http://{server.address}/checkpoint", timeout=SECONDS).read().decode()
            assert cosigned_at(public, witness.vkey)
        # A restart shows consistency with what the witness has, before anything is signed.
        before = len(witness.statuses)
        with Program(*words):
            assert 200 in witness.statuses[before:]
        # A witness that has another history of this log keeps it closed.
        size, _ = witness.last["ledger.example/python"]
        witness.last["ledger.example/python"] = (size, hashlib.sha256(b"another").digest())
        with pytest.raises(RuntimeError, match="has cosigned another history"):
            Program(*words)
        witness.last["ledger.example/python"] = (size + 5, hashlib.sha256(b"larger").digest())
        with pytest.raises(RuntimeError, match=f"has cosigned {size + 5} entries"):
            Program(*words)
    finally:
        witness.stop()


def standings(server):
    answer = urllib.request.urlopen(f"http://{server.address}/log/witnesses.json", timeout=SECONDS)
    return {it["name"]: it for it in json.load(answer)["witnesses"]}


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def test_a_changed_list_of_witnesses_takes_force_without_a_restart(ledger):
    directory, log, _ = ledger
    one, other = Witness("python.example/one", [log]), Witness("python.example/other", [log])
    policy = directory / "changing.txt"

    def write(*witnesses):
        lines = [f"witness {name} {it.vkey} {it.url}/\n" for name, it in witnesses]
        policy.write_text(f"log {log} https://ledger.example/\n" + "".join(lines) + f"quorum {witnesses[0][0]}\n")

    def reload(server):
        server.process.send_signal(signal.SIGHUP)

    words = ("serve", "--dir", str(directory / "ledger"), "--plaintext", "--witnesses", str(policy))
    try:
        write(("one", one))
        with Program(*words) as server:
            wait_for(lambda: standings(server)["one"]["lag"] == 0 and standings(server)["one"]["size"])
            write(("other", other), ("one", one))
            reload(server)
            wait_for(lambda: standings(server).get("other", {}).get("size"))
            assert list(standings(server)) == ["other", "one"] and standings(server)["one"]["size"], "who stays is known"
            public = urllib.request.urlopen(f"http://{server.address}/checkpoint", timeout=SECONDS).read().decode()
            wait_for(lambda: other.statuses.count(200) == 1)
            # What cannot be read, and what is no policy of this log, changes nothing.
            for bad in ("quorum nobody\n", f"witness one {one.vkey} {one.url}/\nquorum one\n"):
                policy.write_text(bad)
                reload(server)
                time.sleep(0.3)
                assert list(standings(server)) == ["other", "one"]
            assert public.startswith("ledger.example/python\n")
            # One is gone, and is asked no more.
            write(("other", other))
            reload(server)
            wait_for(lambda: list(standings(server)) == ["other"])
    finally:
        one.stop()
        other.stop()


class Log:
    """A log of one or two entries, signed by a key made here."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.leaves = [leaf_hash(b"a"), leaf_hash(b"b")]
        self.roots = {0: hashlib.sha256().digest(), 1: self.leaves[0], 2: node_hash(*self.leaves)}

    @property
    def vkey(self):
        key = base64.b64encode(b"\x01" + self.public).decode()
        return f"{ORIGIN}+{key_id(ORIGIN, 1, self.public).hex()}+{key}"

    def note(self, size, root=None, origin=ORIGIN):
        text = f"{origin}\n{size}\n{base64.b64encode(root or self.roots[size]).decode()}\n"
        blob = key_id(ORIGIN, 1, self.public) + self.key.sign(text.encode())
        return f"{text}\n{DASH} {ORIGIN} {base64.b64encode(blob).decode()}\n"


def ask(url, body):
    """Status, content type and body."""
    request = urllib.request.Request(f"{url}/add-checkpoint", data=body.encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_our_witness_answers_as_the_specification_says(tmp_path):
    log, stranger = Log(), Log()
    made = run("keys", "new", str(tmp_path / "w.key"), "--name", "witness.example/w", "--signs", "cosignature")
    (tmp_path / "logs.txt").write_text(f"log {log.vkey} https://log.example/\nquorum none\n")
    words = ("--key", str(tmp_path / "w.key"), "--name", "witness.example/w", "--policy", str(tmp_path / "logs.txt"))
    proof = base64.b64encode(log.leaves[1]).decode()
    with Program("witness", *words, "--dir", str(tmp_path / "memory"), "--create", "--plaintext") as witness:
        url = f"http://{witness.address}"

        def status(body):
            return ask(url, body)[0]

        assert status(f"old 0\n\n{log.note(1, origin='log.example/other')}") == 404
        assert status(f"old 0\n\n{stranger.note(1)}") == 403
        assert status(f"old 0\n\n{log.note(1).replace(f'{ORIGIN}{chr(10)}1{chr(10)}', f'{ORIGIN}{chr(10)}2{chr(10)}')}") == 403
        assert status("old 0\n") == 400
        assert status(f"old 2\n\n{log.note(1)}") == 400
        assert status(f"old 0\n{proof}\n\n{log.note(1)}") == 422
        assert status(f"old 0\n\n{log.note(0, hashlib.sha256(b'x').digest())}") == 422
        code, _, line = ask(url, f"old 0\n\n{log.note(1)}")
        assert code == 200 and cosigned_at(log.note(1) + line, made["vkey"])
        assert ask(url, f"old 0\n\n{log.note(2)}") == (409, "text/x.tlog.size", "1\n")
        assert status(f"old 1\n\n{log.note(2)}") == 422
        assert status(f"old 1\n\n{log.note(1, hashlib.sha256(b'x').digest())}") == 422
        code, _, line = ask(url, f"old 1\n{proof}\n\n{log.note(2)}")
        assert code == 200 and cosigned_at(log.note(2) + line, made["vkey"])
        path = f"{url}/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
        newest = urllib.request.urlopen(path, timeout=SECONDS).read().decode()
        assert cosigned_at(newest, made["vkey"]) and newest.startswith(f"{ORIGIN}\n2\n")
