"""A report as an authority asks for it: a key shown by a signature, figures streamed, few persons never told of."""

import base64
import hashlib

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from batch import read_batch
from xuefen.v1 import (
    issuing_service_pb2,
    issuing_service_pb2_grpc,
    log_service_pb2,
    log_service_pb2_grpc,
    report_service_pb2,
    report_service_pb2_grpc,
)

SECONDS = 60
# The ministry of the demo, and the key file that the demo made for it.
MINISTRY = "11990000000000010E"


def key_of(server, party):
    """The Ed25519 key of a party of the demo: three lines, the last one its seed in base64."""
    header, algorithm, seed = server.read(f"parties/{party}.key").decode("ascii").split()
    assert (header, algorithm) == ("xuefen-secret-key/v1", "ed25519")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True))


def log_in(channel, origin, party, key):
    """A bearer token, as metadata: issuing_service.proto, AuthenticateRequest."""
    stub = issuing_service_pb2_grpc.IssuingServiceStub(channel)
    asked = issuing_service_pb2.CreateChallengeRequest(institution=party)
    challenge = stub.CreateChallenge(asked, timeout=SECONDS).challenge
    message = b"xuefen/v1/authenticate\0"
    for part in (origin.encode(), party.encode()):
        message += len(part).to_bytes(2, "big") + part
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    request = issuing_service_pb2.AuthenticateRequest(
        institution=party,
        key_id=hashlib.sha256(b"xuefen/v1/key\0\x01" + public).digest(),
        challenge=challenge,
        signature=key.sign(message + challenge),
    )
    token = stub.Authenticate(request, timeout=SECONDS).access_token
    return (("authorization", f"Bearer {token}"),)


def run(channel, metadata, **asked):
    """The head, the rows as dictionaries by column, and every byte but those of progress."""
    stub = report_service_pb2_grpc.ReportServiceStub(channel)
    head, rows, raw = None, [], b""
    for answer in stub.RunReport(report_service_pb2.RunReportRequest(**asked), metadata=metadata, timeout=SECONDS):
        part = answer.WhichOneof("part")
        if part == "head":
            head = answer.head
        elif part == "rows":
            for row in answer.rows.rows:
                cells = zip((column.name for column in head.columns), row.cells, strict=True)
                values = {name: getattr(cell, cell.WhichOneof("value")) for name, cell in cells}
                absent = {name for name, cell in zip(values, row.cells) if cell.WhichOneof("value") == "absent"}
                rows.append((row.kind, values, absent))
        if part != "progress":
            raw += answer.SerializeToString(deterministic=True)
    return head, rows, raw


@pytest.fixture(scope="module")
def ministry(server, channel):
    origin, _ = read_batch(server.read("out/fresh.signed"))
    return log_in(channel, origin, MINISTRY, key_of(server, "ministry"))


def test_a_cohort_is_counted_at_one_tree_size_and_comes_out_the_same_again(channel, ministry):
    head, rows, first = run(channel, ministry, report="cohort")
    stub = log_service_pb2_grpc.LogServiceStub(channel)
    checkpoint = stub.GetCheckpoint(log_service_pb2.GetCheckpointRequest(), timeout=SECONDS)
    assert (head.tree_size, head.root) == (checkpoint.tree_size, checkpoint.root)
    kind, total, _ = rows[0]
    assert kind == report_service_pb2.REPORT_ROW_KIND_TOTAL
    parts = [values for kind, values, _ in rows if kind == report_service_pb2.REPORT_ROW_KIND_PART]
    assert parts and total["outcomes"] == sum(part["outcomes"] for part in parts) > 0
    assert head.counts.counted == total["outcomes"]
    for _, values, absent in rows:
        assert "persons" in absent or values["persons"] == 0 or values["persons"] >= head.least_persons
    *_, again = run(channel, ministry, report="cohort", tree_size=head.tree_size)
    assert again == first


def test_figures_are_closed_to_strangers_and_to_other_regions(server, channel, ministry):
    with pytest.raises(grpc.RpcError) as caught:
        run(channel, None, report="cohort")
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.RpcError) as caught:
        run(channel, ministry, report="no-such-report")
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
