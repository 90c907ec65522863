"""The test vectors, run by Chromium through WebAssembly: presentations through core over the vectors' schema
(src/wasm/examples/vectors.rs), notes and receipts through the module that the pages use."""

import base64
import copy
import json
import os
import pathlib

import pytest

from conftest import ROOT

VECTORS = json.loads((ROOT / "tests/vectors/vectors.json").read_text())
CALL = (
    "const [name, ...parts] = arguments;"
    "return import('/web/core.js').then(async ({ call, load }) => { await load(); return call(name, ...parts); })"
)


@pytest.fixture
def call(page):
    page.open("/verify")
    return lambda *parts: page.run(CALL, *parts)


def test_checkpoints(call):
    for case in VECTORS["checkpoint_cases"]:
        assert call("checkpoint", VECTORS["policy"], case["note_text"])["result"] == case["expect"], case["case"]


def test_receipts(page, call):
    for case in VECTORS["tlog_proofs"]:
        got = page.run(
            "const [policy, leaf, proof] = arguments;"
            "const bytes = Uint8Array.from(leaf.match(/../g) ?? [], (digits) => parseInt(digits, 16));"
            "return import('/web/core.js').then(async ({ call, load }) => { await load();"
            "return call('entry', policy, bytes, proof); })",
            VECTORS["policy"],
            case["leaf"],
            case["proof_text"],
        )
        assert got["result"] == case["expect"], case["case"]


def test_presentations(page):
    module = os.environ.get("XUEFEN_VECTORS_WASM")
    if not module or not pathlib.Path(module).exists():
        pytest.skip("the module of the vectors was not built: the target wasm32-unknown-unknown is not installed")
    page.open("/verify")
    page.run(
        "const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));"
        "return WebAssembly.compile(bytes).then((module) => { window.check = (request) => {"
        "  const { memory, xuefen_request, xuefen_answer, xuefen_place } = new WebAssembly.Instance(module, {}).exports;"
        "  const sent = new TextEncoder().encode(request);"
        "  const at = xuefen_request(sent.length);"
        "  new Uint8Array(memory.buffer).set(sent, at);"
        "  const length = xuefen_answer();"
        "  return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, xuefen_place(), length))); }; });",
        base64.b64encode(pathlib.Path(module).read_bytes()).decode(),
    )
    cases = VECTORS["presentations"]
    for case in cases:
        policy = {**copy.deepcopy(VECTORS["presentation_policy"]), **case["policy_changes"]}
        text = case.get("file_text") or cases[0]["file_text"]
        text += " " * (case.get("size", 0) - len(text.encode()))
        request = json.dumps({"policy": policy, "now": VECTORS["presentation_now"], "file": text})
        assert page.run("return window.check(arguments[0])", request) == case["expect"], case["case"]
    assert len(cases) == 88
