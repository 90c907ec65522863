"""Stubs from proto/, made at run time; one server and one TLS channel for all tests."""

import os
import pathlib
import sys

import grpc
import grpc_tools
import pytest
from grpc_tools import protoc

from server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUBS = pathlib.Path(os.environ.get("XUEFEN_PY_STUBS", ROOT / "target" / "py-stubs"))


def make_stubs():
    STUBS.mkdir(parents=True, exist_ok=True)
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    protos = sorted(str(path) for path in (ROOT / "proto" / "xuefen" / "v1").glob("*.proto"))
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}", f"--python_out={STUBS}", f"--grpc_python_out={STUBS}"]
    if protoc.main([*arguments, *protos]) != 0:
        raise pytest.UsageError("no Python stubs could be made from proto/")
    sys.path.insert(0, str(STUBS))


make_stubs()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    binary = os.environ.get("XUEFEN_BIN")
    if not binary:
        raise pytest.UsageError("set XUEFEN_BIN to the xuefen binary; tests/run does")
    running = Server(binary, tmp_path_factory.mktemp("xuefen"))
    yield running
    assert running.stop() == 0, f"the server did not end cleanly:\n{running.output()}"


@pytest.fixture(scope="session")
def channel(server):
    trust = grpc.ssl_channel_credentials(root_certificates=server.read("tls/cert.pem"))
    with grpc.secure_channel(server.address, trust) as channel:
        grpc.channel_ready_future(channel).result(timeout=20)
        yield channel
