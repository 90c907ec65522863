"""Reads a signed batch file: one ASCII line, then postings, each after its length as a varint."""

from xuefen.v1 import posting_pb2


def read_batch(data: bytes):
    """Returns the origin and the postings."""
    line, body = data.split(b"\n", 1)
    magic, origin, count = line.decode("ascii").split(" ")
    assert magic == "xuefen-signed-batch/v1"
    postings = []
    at = 0
    while at < len(body):
        length, shift = 0, 0
        while True:
            byte = body[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        assert at + length <= len(body), "the file is cut"
        postings.append(posting_pb2.Posting.FromString(body[at : at + length]))
        at += length
    assert len(postings) == int(count)
    return origin, postings
