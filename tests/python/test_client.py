"""What a client sees that shares no code with the server: grpcio, stubs from proto/, hashes from hashlib."""

import base64

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status

from batch import read_batch
from merkle import leaf_hash, root_of
from xuefen.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    issuing_service_pb2,
    issuing_service_pb2_grpc,
    log_service_pb2,
    log_service_pb2_grpc,
    posting_pb2,
    transcript_service_pb2,
    transcript_service_pb2_grpc,
    verification_service_pb2,
    verification_service_pb2_grpc,
)

SERVICES = {
    "xuefen.v1.AccountService",
    "xuefen.v1.IssuingService",
    "xuefen.v1.LogService",
    "xuefen.v1.RegistryService",
    "xuefen.v1.ReportService",
    "xuefen.v1.TranscriptService",
    "xuefen.v1.VerificationService",
}
PER_MESSAGE = 100
SECONDS = 60


def post(channel, postings):
    """Sends postings over one stream; returns the verdicts and the last checkpoint."""
    requests = (
        issuing_service_pb2.PostEntriesRequest(postings=postings[at : at + PER_MESSAGE])
        for at in range(0, len(postings), PER_MESSAGE)
    )
    verdicts, checkpoint = [], ""
    for response in issuing_service_pb2_grpc.IssuingServiceStub(channel).PostEntries(requests, timeout=SECONDS):
        verdicts.extend(response.verdicts)
        checkpoint = response.checkpoint or checkpoint
    return verdicts, checkpoint


@pytest.fixture(scope="module")
def batch(server):
    origin, postings = read_batch(server.read("out/fresh.signed"))
    assert postings, "an empty batch shows nothing"
    return origin, postings


@pytest.fixture(scope="module")
def first(channel, batch):
    """The batch posted for the first time."""
    return post(channel, batch[1])


@pytest.fixture(scope="module")
def learner(server, channel):
    """A learner's account and the metadata that speaks for it. The code works once, so this runs once."""
    code = server.read("out/activation-code.txt").decode().strip()
    stub = account_service_pb2_grpc.AccountServiceStub(channel)
    answer = stub.Activate(account_service_pb2.ActivateRequest(activation_code=code), timeout=SECONDS)
    assert 0 < answer.expires_in_seconds <= 15 * 60
    return code, answer.account, (("authorization", f"Bearer {answer.access_token}"),)


def transcript(channel, account, metadata=None):
    stub = transcript_service_pb2_grpc.TranscriptServiceStub(channel)
    request = transcript_service_pb2.GetTranscriptRequest(name=f"{account}/transcript")
    return stub.GetTranscript(request, metadata=metadata, timeout=SECONDS)


def verify(channel, presentation):
    stub = verification_service_pb2_grpc.VerificationServiceStub(channel)
    return stub.Verify(verification_service_pb2.VerifyRequest(presentation=presentation), timeout=SECONDS)


def test_health_says_serving(channel):
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_every_service(channel):
    # The messages of v1 are those of v1alpha; the packaged stubs know only the older path.
    call = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    answers = call(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=SECONDS)
    names = {service.name for answer in answers for service in answer.list_services_response.service}
    assert SERVICES | {"grpc.health.v1.Health"} <= names


def test_a_batch_gets_one_receipt_per_posting_in_order(batch, first):
    origin, postings = batch
    verdicts, checkpoint = first
    assert [verdict.sequence for verdict in verdicts] == [posting.sequence for posting in postings]
    refused = [verdict.refusal for verdict in verdicts if verdict.WhichOneof("result") != "receipt"]
    assert not refused, refused[:3]
    receipts = [verdict.receipt for verdict in verdicts]
    assert not any(receipt.replayed for receipt in receipts)
    assert all(len(receipt.leaf_hash) == 32 and receipt.logged_at > 0 for receipt in receipts)
    indices = [receipt.index for receipt in receipts]
    assert indices == sorted(set(indices))
    lines = checkpoint.split("\n")
    assert lines[0] == origin
    assert int(lines[1]) > indices[-1]


def test_the_same_batch_again_gets_the_same_receipts(channel, batch, first):
    size = int(first[1].split("\n")[1])
    again, checkpoint = post(channel, batch[1])
    assert int(checkpoint.split("\n")[1]) == size, "a replay must not grow the tree"
    assert len(again) == len(first[0])
    for old, new in zip(first[0], again):
        assert new.receipt.replayed
        assert (new.receipt.index, new.receipt.leaf_hash, new.receipt.logged_at) == (
            old.receipt.index,
            old.receipt.leaf_hash,
            old.receipt.logged_at,
        )


def spoilt(posting):
    """A posting whose statement is no longer canonical."""
    bad = posting_pb2.Posting()
    bad.CopyFrom(posting)
    bad.statement += b"\xff"
    return bad


def test_one_bad_posting_stops_no_other(channel, batch, first):
    postings = batch[1]
    verdicts, _ = post(channel, [postings[0], spoilt(postings[0]), postings[-1]])
    assert [verdict.WhichOneof("result") for verdict in verdicts] == ["receipt", "refusal", "receipt"]
    refusal = verdicts[1].refusal
    assert refusal.reason == "NON_CANONICAL"
    assert refusal.rule and refusal.fix


def test_a_payload_that_cannot_be_one_stops_no_other(channel, batch, first):
    postings = batch[1]
    bad = posting_pb2.Posting()
    bad.CopyFrom(postings[0])
    bad.payload.seed = b"short"
    verdicts, _ = post(channel, [postings[0], bad, postings[-1]])
    assert [verdict.sequence for verdict in verdicts] == [postings[0].sequence] * 2 + [postings[-1].sequence]
    # The statement is logged, so its first receipt is a right answer for the one in the middle, too.
    assert [verdicts[0].receipt.replayed, verdicts[2].receipt.replayed] == [True, True]


def test_a_refused_single_entry_is_an_error_with_its_reason(channel, batch):
    stub = issuing_service_pb2_grpc.IssuingServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.PostEntry(issuing_service_pb2.PostEntryRequest(posting=spoilt(batch[1][0])), timeout=SECONDS)
    status = rpc_status.from_call(caught.value)
    assert status is not None, caught.value
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert (info.domain, info.reason) == ("xuefen", "NON_CANONICAL")


def test_receipts_are_proven_by_hashlib_alone(channel, first):
    stub = log_service_pb2_grpc.LogServiceStub(channel)
    checkpoint = stub.GetCheckpoint(log_service_pb2.GetCheckpointRequest(), timeout=SECONDS)
    note = checkpoint.note.split("\n")
    assert int(note[1]) == checkpoint.tree_size
    assert base64.b64decode(note[2]) == checkpoint.root
    for verdict in (first[0][0], first[0][-1]):
        index = verdict.receipt.index
        page = stub.ListEntries(log_service_pb2.ListEntriesRequest(start=index, page_size=1), timeout=SECONDS)
        assert leaf_hash(page.entries[0]) == verdict.receipt.leaf_hash
        request = log_service_pb2.GetInclusionProofRequest(index=index, tree_size=checkpoint.tree_size)
        proof = stub.GetInclusionProof(request, timeout=SECONDS)
        assert proof.leaf_hash == verdict.receipt.leaf_hash
        assert root_of(index, checkpoint.tree_size, proof.leaf_hash, proof.path) == checkpoint.root


def test_a_learner_sees_the_transcript(channel, learner):
    _, account, metadata = learner
    answer = transcript(channel, account, metadata)
    assert answer.name == f"{account}/transcript"
    assert answer.outcomes
    assert answer.tree_size > max(outcome.index for outcome in answer.outcomes)
    counted = sum(outcome.credit_millis for outcome in answer.outcomes if outcome.status == "valid" and outcome.passed)
    assert answer.credit_millis == counted


def test_a_transcript_is_closed_to_everybody_else(channel, learner):
    _, account, metadata = learner
    with pytest.raises(grpc.RpcError) as caught:
        transcript(channel, account)
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    other = account[:-1] + ("0" if account[-1] != "0" else "1")
    with pytest.raises(grpc.RpcError) as caught:
        transcript(channel, other, metadata)
    # Not to be told apart from an account that is not there.
    assert caught.value.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND)


def test_an_activation_code_works_once(channel, learner):
    stub = account_service_pb2_grpc.AccountServiceStub(channel)
    with pytest.raises(grpc.RpcError):
        stub.Activate(account_service_pb2.ActivateRequest(activation_code=learner[0]), timeout=SECONDS)


def test_a_presentation_passes_step_by_step(server, channel):
    answer = verify(channel, server.read("out/presentation.xuefen.json"))
    reasons = [(step.number, step.reason) for step in answer.steps if step.reason]
    assert answer.result == verification_service_pb2.STEP_RESULT_PASS, reasons
    assert [step.number for step in answer.steps] == list(range(1, 9))
    assert answer.issuer and answer.disclosed and answer.status == "valid"


def test_a_changed_presentation_fails_and_says_where(server, channel):
    answer = verify(channel, server.read("out/presentation-bad.xuefen.json"))
    assert answer.result == verification_service_pb2.STEP_RESULT_FAIL
    failed = [step for step in answer.steps if step.result == verification_service_pb2.STEP_RESULT_FAIL]
    assert failed and all(step.reason and step.message for step in failed)


def test_what_is_no_presentation_fails(channel):
    assert verify(channel, b"{}").result == verification_service_pb2.STEP_RESULT_FAIL
