"""RFC 6962 hashes and RFC 9162 2.1.3.2, written from the text of the standards."""

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(index: int, size: int, leaf: bytes, path) -> bytes:
    """The root that an inclusion path leads to; AssertionError if the path does not fit index and size."""
    assert index < size
    node, last, hashed = index, size - 1, leaf
    for sibling in path:
        assert last > 0, "the path is too long"
        if node & 1 or node == last:
            hashed = hashlib.sha256(b"\x01" + sibling + hashed).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            hashed = hashlib.sha256(b"\x01" + hashed + sibling).digest()
        node, last = node >> 1, last >> 1
    assert last == 0, "the path is too short"
    return hashed
