"""The page /log of a ledger with witnesses: who signed, as the browser checks it, and where each stands, as the server says."""

import json
import os
import signal
import subprocess

import pytest

from conftest import DESKTOP, PHONE, Page

SECONDS = 60


class Program:
    """A server of the program on a free port."""

    def __init__(self, *words, address="127.0.0.1:0"):
        command = [os.environ["XUEFEN_BIN"], *[str(word) for word in words], "--listen", address]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on "), line
        self.address = line.split()[-1]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)


def run(*words):
    command = [os.environ["XUEFEN_BIN"], "--json", *[str(word) for word in words]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory):
    """A ledger with the witnesses up and away; one of them never answers."""
    at = tmp_path_factory.mktemp("witnessed")
    ministry = run("keys", "new", at / "ministry", "--name", "x-ministry")
    made = run("init", "--dir", at / "ledger", "--origin", "ledger.example/browser", "--authority", ministry["vkey"])
    (at / "logs.txt").write_text(f"log {made['log']} https://ledger.example/\nquorum none\n")
    lines = [f"log {made['log']} https://ledger.example/"]
    running = []
    for name in ("up", "away"):
        key = run("keys", "new", at / f"{name}.key", "--name", f"{name}.example/w", "--signs", "cosignature")
        words = ("--key", at / f"{name}.key", "--name", f"{name}.example/w", "--policy", at / "logs.txt")
        running.append(Program("witness", *words, "--dir", at / name, "--create", "--plaintext"))
        lines.append(f"witness {name} {key['vkey']} http://{running[-1].address}/")
    (at / "ledger/policy.txt").write_text("\n".join([*lines, "quorum up", ""]))
    server = Program("serve", "--dir", at / "ledger", "--dev-tls")
    running.append(server)
    genesis = ("registry", "genesis", "--name", "示例账本", "--authority-name", "<b>示例</b>主管部门", "--status", made["status"])
    by = ("--issuer", "x-ministry", "--key", at / "ministry")
    running[1].stop()
    run(*genesis, *by, "--server", f"https://{server.address}", "--ca", at / "ledger/tls/cert.pem")
    yield server
    for program in running:
        program.stop()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_each_witness_is_shown_with_what_it_signed_and_where_it_stands(driver, witnessed, lang, size):
    page = Page(driver, witnessed)
    page.open("/log", lang=lang, size=size)
    # The newest checkpoint is shown for a second; the first look may still see the one before.
    for _ in range(20):
        rows = page.run("return [...document.querySelectorAll('[data-witness]')].map((row) =>"
                        " [row.dataset.witness, row.dataset.lag, row.dataset.problem, row.innerText])")
        if len(rows) == 2 and rows[0][1] == "0" and rows[1][2] == "AWAY" and "not yet" in rows[1][3] + "not yet" * (lang == "zh"):
            break
        page.open("/log", lang=lang, size=size)
    assert [row[:3] for row in rows] == [["up", "0", ""], ["away", "1", "AWAY"]], rows
    assert {"en": "It does not answer", "zh": "没有应答"}[lang] in rows[1][3]
    assert {"en": "up to date", "zh": "已跟上"}[lang] in rows[0][3]
    assert page.run("return document.querySelector('#newest [data-good]').dataset.good") == "true"
    page.shot(f"log-witnesses-{lang}-{'phone' if size == PHONE else 'desktop'}")
    assert page.run("return document.documentElement.scrollWidth") <= size[0]
