"""A witness written from the text of C2SP tlog-witness, tlog-cosignature and signed-note, and nothing else: http.server and
an Ed25519 from the package cryptography. It keeps its state in memory and is for tests only."""

import base64
import hashlib
import http.server
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DASH = "\u2014"


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_vkey(vkey: str):
    """Name, type and the 32 bytes of an Ed25519 verifier key."""
    name, hashed, key = vkey.split("+", 2)
    raw = base64.b64decode(key, validate=True)
    assert key_id(name, raw[0], raw[1:]).hex() == hashed
    return name, raw[0], raw[1:]


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_consistent(old: int, new: int, proof, old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162 2.1.4.2; 0 < old < new."""
    proof = list(proof)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


class Checkpoint:
    """A signed note over a tree head."""

    def __init__(self, note: str):
        self.text, signatures = note.rsplit("\n\n", 1)
        self.text += "\n"
        lines = self.text.split("\n")
        self.origin, self.size, self.root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        assert str(self.size) == lines[1] and len(self.root) == 32 and signatures.endswith("\n")
        self.signatures = []
        for line in signatures.removesuffix("\n").split("\n"):
            dash, name, blob = line.split(" ")
            assert dash == DASH
            self.signatures.append((name, base64.b64decode(blob, validate=True)))

    def signatures_by(self, vkey: str):
        """What stands behind the key id of this key's lines."""
        name, kind, public = parse_vkey(vkey)
        lead = key_id(name, kind, public)
        return [blob[4:] for of, blob in self.signatures if of == name and blob[:4] == lead]


def cosigned_at(note: str, vkey: str):
    """Time of a witness's good cosignature under the note; None if there is none."""
    checkpoint = Checkpoint(note)
    for blob in checkpoint.signatures_by(vkey):
        when = int.from_bytes(blob[:8], "big")
        message = f"cosignature/v1\ntime {when}\n{checkpoint.text}".encode()
        Ed25519PublicKey.from_public_bytes(parse_vkey(vkey)[2]).verify(blob[8:], message)
        return when
    return None


class Witness:
    """Runs in a thread of its own on a free port of the loopback until stopped."""

    def __init__(self, name: str, logs):
        self.name, self.logs = name, {parse_vkey(vkey)[0]: vkey for vkey in logs}
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.last, self.statuses, self.lock = {}, [], threading.Lock()
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known = self.path == "/add-checkpoint"
                status, kind, answer = witness.add_checkpoint(body) if known else (404, "text/plain", "")
                witness.statuses.append(status)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def vkey(self) -> str:
        key = base64.b64encode(b"\x04" + self.public).decode()
        return f"{self.name}+{key_id(self.name, 4, self.public).hex()}+{key}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def add_checkpoint(self, body: bytes):
        plain = "text/plain; charset=utf-8"
        try:
            head, note = body.decode().split("\n\n", 1)
            first, *lines = head.split("\n")
            old = int(first.removeprefix("old "))
            assert first == f"old {old}" and len(lines) <= 63
            proof = [base64.b64decode(line, validate=True) for line in lines]
            checkpoint = Checkpoint(note)
        except (AssertionError, ValueError):
            return 400, plain, "malformed\n"
        vkey = self.logs.get(checkpoint.origin)
        if vkey is None:
            return 404, plain, "unknown\n"
        signatures = checkpoint.signatures_by(vkey)
        try:
            for signature in signatures:
                Ed25519PublicKey.from_public_bytes(parse_vkey(vkey)[2]).verify(signature, checkpoint.text.encode())
        except InvalidSignature:
            return 403, plain, "wrong signature\n"
        if not signatures:
            return 403, plain, "not signed\n"
        if old > checkpoint.size:
            return 400, plain, "old size too large\n"
        with self.lock:
            size, root = self.last.get(checkpoint.origin, (0, hashlib.sha256().digest()))
            if old != size:
                return 409, "text/x.tlog.size", f"{size}\n"
            if old in (0, checkpoint.size):
                good = not proof and (checkpoint.size > old or checkpoint.root == root)
            else:
                good = is_consistent(old, checkpoint.size, proof, root, checkpoint.root)
            if not good:
                return 422, plain, "inconsistent\n"
            self.last[checkpoint.origin] = (checkpoint.size, checkpoint.root)
            when = int(time.time())
        signature = self.key.sign(f"cosignature/v1\ntime {when}\n{checkpoint.text}".encode())
        blob = key_id(self.name, 4, self.public) + when.to_bytes(8, "big") + signature
        return 200, plain, f"{DASH} {self.name} {base64.b64encode(blob).decode()}\n"
