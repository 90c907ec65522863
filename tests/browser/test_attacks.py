"""Texts of others on the pages: a name or a value must show as what it is, run nothing and turn nothing round."""

import base64
import json

import pytest

SCRIPTS = [
    "<img src=x onerror=\"window.hacked = 1\">",
    "<script>window.hacked = 1</script>",
    "\"><svg onload=window.hacked=1>",
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "' onmouseover='window.hacked=1",
]


def report(text):
    """A report in which everything that comes from a file is this text."""
    both = {"en": text, "zh": text}
    steps = [{"step": n, "title": both, "result": "pass", "word": both, "code": text, "reason": both} for n in range(1, 9)]
    subject = {
        "index": 7, "leaf_hash": text, "ledger": text, "kind_code": text, "kind": both, "issuer": text,
        "issuer_names": [[text, text]], "accredited": [{"by": text, "names": [[text, text]], "index": 3}],
        "issued_at": 1, "logged_at": 1, "origin": text, "size": 9, "root": text, "cosigned": [[text, 1]],
        "disclosed": [{"tag": 5, "code": text, "name": [text, text], "value": text}],
        "status": {"code": text, "word": both, "time": 1, "size": 9},
    }
    return {"result": "pass", "verdict": both, "headline": both, "steps": steps, "quorum_none": True,
            "milliseconds": 1, "subject": subject}


def show(page, text):
    return page.run(
        "const [report] = arguments; const done = arguments[1];"
        "return import('/web/result.js').then(({ show }) => { const place = document.getElementById('result');"
        " place.hidden = false; show(place, { file: new Uint8Array(), report, by: 'grant',"
        " server: { kind: 'answered', index: 7, hash: report.subject.leaf_hash } }, { own: false });"
        " return [place.innerText, place.querySelectorAll('img, script, iframe, [onerror], [onload], [onmouseover]').length,"
        "  [...place.querySelectorAll('a')].map((link) => link.getAttribute('href'))]; })",
        report(text),
    )


@pytest.mark.parametrize("text", SCRIPTS)
def test_names_headlines_and_values_are_text(page, text):
    page.open("/verify")
    said, elements, links = show(page, text)
    assert text in said and elements == 0 and links == ["/log#7"]
    assert page.run("return window.hacked") is None
    assert not page.complaints()


def test_names_do_not_turn_round_what_stands_beside_them(page):
    page.open("/verify")
    said, _, _ = show(page, "A\u202eloohcS\u2066 B\u200b\u0007")
    assert "A[U+202E]loohcS[U+2066] B[U+200B][U+0007]" in said
    assert not any(mark in said for mark in "\u202e\u2066\u200b\u0007")


@pytest.mark.parametrize("text", SCRIPTS[:3])
def test_a_lying_server_runs_nothing_on_the_page_of_the_log(page, text):
    """All that the page reads of the server, with this text in it: names of witnesses, a checkpoint, growth."""
    page.open("/log")
    script = (
        "const text = arguments[0]; const own = window.fetch;"
        "window.fetch = (path, init) => {"
        " if (String(path).includes('witnesses.json')) return Promise.resolve(new Response(JSON.stringify("
        "  { witnesses: [{ name: text, size: text, time: text, lag: text, problem: text, since: 1, alarm: true }] })));"
        " if (String(path).includes('growth')) return Promise.resolve(new Response(JSON.stringify({ size: text, points: [[text, text], [1, 2]] })));"
        " return own(path, init); };"
        "return import('/web/log.js?again').then(() => new Promise((done) => setTimeout(() => done("
        " [document.body.innerText, document.querySelectorAll('img, script:not([src]), iframe, [onerror], [onload]').length]), 500)))"
    )
    _, elements = page.run(script, text)
    assert elements == 0 and page.run("return window.hacked") is None


def test_the_policy_of_the_pages_lets_nothing_else_run(page, server):
    page.open("/verify")
    for attempt in (
        "const it = document.createElement('script'); it.textContent = 'window.hacked = 1'; document.body.append(it)",
        "document.body.innerHTML = '<img src=x onerror=\"window.hacked = 1\">'",
        "document.body.setAttribute('onclick', 'window.hacked = 1'); document.body.click()",
        "window.setTimeout('window.hacked = 1')",
        "const it = document.createElement('img'); it.src = 'https://other.example/x'; document.body.append(it)",
        "fetch('https://other.example/').catch(() => {})",
        "const it = document.createElement('iframe'); it.src = '/log'; document.body.append(it)",
        "const it = document.createElement('base'); it.href = 'https://other.example/'; document.head.append(it)",
    ):
        page.run(f"try {{ {attempt} }} catch {{}}")
    assert page.run("return new Promise((done) => setTimeout(() => done(window.hacked), 300))") is None
    refused = [line for line in page.complaints() if "Content Security Policy" in line or "TrustedHTML" in line or "TrustedScript" in line]
    assert refused, "the browser says what it refused"


def test_files_that_are_bombs_are_refused_quickly(page):
    """Four megabytes of brackets, a link that unpacks to a gigabyte, and a number with a million digits."""
    import gzip

    page.open("/verify")
    for content in (b"[" * (4 << 20), b'{"format":' + b"9" * 1_000_000 + b"}", b'{"a":' * 400_000):
        report = page.drop(content)
        assert report["result"] == "fail" and report["steps"][0][0] == "fail"
    bomb = base64.urlsafe_b64encode(gzip.compress(b" " * (64 << 20))).decode().rstrip("=")
    page.run("document.body.dataset.state = 'asked'; location.hash = 'gz.' + arguments[0]", bomb)
    page.wait("return document.getElementById('notice').textContent.includes('4 MiB')")
    assert json.dumps(page.run("return document.body.dataset.state")) != '"checking"'
