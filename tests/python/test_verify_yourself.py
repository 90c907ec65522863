"""docs/verify-yourself.md: the program there, run as it stands, tells good files from bad ones."""

import base64
import json
import pathlib
import subprocess
import sys

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "verify-yourself.md"


def program():
    return PAGE.read_text().split("```python\n")[1].split("```")[0]


@pytest.fixture
def check(server, tmp_path):
    (tmp_path / "verify.py").write_text(program())

    def run(presentation):
        (tmp_path / "file.json").write_text(json.dumps(presentation))
        trust = [str(server.directory / "out" / name) for name in ("policy.txt", "authority.txt")]
        command = [sys.executable, str(tmp_path / "verify.py"), str(tmp_path / "file.json"), *trust]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

    return run


def test_it_has_the_fifty_lines_that_it_promises():
    assert len([line for line in program().splitlines() if line.strip()]) <= 50


def test_a_good_file_is_told_with_its_issuer_and_fields(server, check):
    good = json.loads(server.read("out/presentation.xuefen.json"))
    ended = check(good)
    assert ended.returncode == 0, ended.stderr
    for field in good["subject"]["disclosed"]:
        assert base64.b64decode(field["value"]).decode() in ended.stdout


def flipped(text, at):
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


def test_the_demos_bad_file_is_caught(server, check):
    assert check(json.loads(server.read("out/presentation-bad.xuefen.json"))).returncode != 0


@pytest.mark.parametrize("part", ["value", "hidden", "entry", "signature", "path", "authority", "checkpoint", "status", "revoked"])
def test_every_part_that_is_changed_is_caught(server, check, part):
    file = json.loads(server.read("out/presentation.xuefen.json"))
    subject = file["subject"]
    match part:
        case "value":
            subject["disclosed"][0]["value"] = flipped(subject["disclosed"][0]["value"], 0)
        case "hidden":
            subject["hidden"][0]["commitment"] = flipped(subject["hidden"][0]["commitment"], 0)
        case "entry":
            subject["entry"] = flipped(subject["entry"], -2)
        case "signature":
            subject["entry"] = flipped(subject["entry"], base64.b64decode(subject["entry"]).rindex(b"\x32\x40") + 9)
        case "path":
            subject["path"][0] = flipped(subject["path"][0], 0)
        case "authority":
            file["authority"][1]["entry"] = flipped(file["authority"][1]["entry"], 60)
        case "checkpoint":
            file["checkpoint"] = file["checkpoint"].replace("\n\n", "x\n\n", 1)
        case "status":
            head, line = file["status"].rstrip("\n").rsplit(" ", 1)
            file["status"] = f"{head} {flipped(line, -1)}\n"
        case "revoked":
            file["status"] = file["status"].replace("\nvalid\n", "\nrevoked\n")
    ended = check(file)
    assert ended.returncode != 0 and not ended.stdout, ended.stdout
