"""The public log by the standard library alone: plain GETs over TLS, hashes from hashlib (C2SP tlog-tiles)."""

import base64
import gzip
import hashlib
import http.client
import ssl

import pytest

from merkle import leaf_hash

SECONDS = 60


@pytest.fixture(scope="module")
def get(server):
    trust = ssl.create_default_context(cafile=str(server.directory / "tls" / "cert.pem"))
    # A certificate made for loopback is its own authority and says little else.
    trust.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    host, port = server.address.split(":")
    connection = http.client.HTTPSConnection(host, int(port), timeout=SECONDS, context=trust)

    def request(path: str, **headers: str):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    yield request
    connection.close()


def root(leaves) -> bytes:
    """MTH of RFC 6962, 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def entries(bundle: bytes):
    found, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : at + 2 + length])
        assert len(found[-1]) == length, "an entry is cut"
        at += 2 + length
    return found


def tiles(size: int):
    """Paths behind the level, with their widths: the full ones, then the partial one."""
    for index in range(size // 256):
        yield f"{index:03d}", 256
    if size % 256:
        yield f"{size // 256:03d}.p/{size % 256}", size % 256


def test_every_entry_is_under_the_signed_root(get):
    status, headers, note = get("/checkpoint")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    lines = note.decode().split("\n")
    size, signed = int(lines[1]), base64.b64decode(lines[2])
    assert lines[3] == "" and lines[4].startswith(f"\u2014 {lines[0]} ")
    assert 256 < size < 256_000, "full and partial tiles, and three digits do"
    leaves = []
    for path, width in tiles(size):
        status, headers, bundle = get(f"/tile/entries/{path}", **{"Accept-Encoding": "gzip"})
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        hashes = [leaf_hash(entry) for entry in entries(gzip.decompress(bundle))]
        assert len(hashes) == width
        assert get(f"/tile/0/{path}")[2] == b"".join(hashes)
        leaves += hashes
    assert root(leaves) == signed
    above = [root(leaves[at : at + 256]) for at in range(0, size - size % 256, 256)]
    for path, width in tiles(len(above)):
        first = 256 * int(path[:3])
        assert get(f"/tile/1/{path}")[2] == b"".join(above[first : first + width])


def test_what_is_not_there_is_not_found(get):
    for path in ("/tile/0/999", "/tile/0/0", "/tile/0/000.p/256", "/tile/64/000", "/tile/entries/x000/000"):
        assert get(path)[0] == 404, path
