"""The page /log in a real browser, and the front page."""

import hashlib
import re
import ssl
import urllib.error
import urllib.request

import pytest

from conftest import DESKTOP, PHONE


def get(server, path, headers=None):
    trust = ssl.create_default_context(cafile=str(server.directory / "tls/cert.pem"))
    request = urllib.request.Request(f"https://{server.address}{path}", headers=headers or {})
    return urllib.request.urlopen(request, context=trust, timeout=20)


def test_the_newest_checkpoint_is_checked_and_extended(page):
    page.open("/log").run("localStorage.clear()")
    page.open("/log")
    text = page.run("return document.querySelector('main').innerText")
    assert page.run("return document.querySelector('#newest [data-good]').dataset.good") == "true", text
    assert "first look" in text and "xuefen.example/sample" in text
    page.open("/log")
    assert page.run("return document.querySelector('[data-since]').dataset.since") == "same"
    assert not page.complaints()


def test_another_history_is_noticed(page):
    """A checkpoint of the log's own key over another tree, as a browser would have kept it: here only the root differs, so its
    signature does not hold and it is forgotten; a consistent one with a wrong proof is not."""
    page.open("/log")
    checked = page.run(
        "return import('/web/core.js').then(async ({ call, load }) => { await load();"
        "const policy = await (await fetch('/verify/policy.txt')).text();"
        "const note = await (await fetch('/checkpoint')).text();"
        "return call('consistency', policy, note, note, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\n').result; })"
    )
    assert checked == "CONSISTENCY"


@pytest.mark.parametrize("index", [0, 1, 777])
def test_an_entry_is_found_and_its_proof_drawn(page, server, index):
    page.open(f"/log#{index}")
    assert page.wait("return document.body.dataset.entry") == "OK"
    leaf = hashlib.sha256(b"\x00" + get(server, f"/log/entry/{index}").read()).hexdigest()
    text = page.run("return document.getElementById('found').innerText")
    assert leaf in text, text
    size = int(page.run("return document.getElementById('size').textContent").replace(",", ""))
    steps = page.run("return document.querySelectorAll('.tree .given').length")
    assert 1 <= steps <= size.bit_length()


def test_what_is_not_there_is_said_so(page):
    page.open("/log#99999999")
    page.wait("return document.getElementById('found-notice').textContent.includes('no such entry')")
    page.open("/log#abc")
    page.wait("return document.getElementById('found-notice').textContent.includes('64 hexadecimal')")


def test_an_entry_is_found_by_its_hash_where_tiles_are_served(page, server):
    leaf = hashlib.sha256(b"\x00" + get(server, "/log/entry/5").read()).hexdigest()
    page.open(f"/log#{leaf}")
    said = page.wait(
        "return document.body.dataset.entry || (document.getElementById('found-notice').textContent.includes('tiles') && 'tiles')"
    )
    try:
        get(server, "/tile/0/000")
    except urllib.error.HTTPError:
        assert said == "tiles"
    else:
        assert said == "OK"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_log_and_front_page_at_every_width(page, lang, size):
    name = f"{lang}-{'phone' if size == PHONE else 'desktop'}"
    page.open("/", size=size, lang=lang)
    page.wait("return document.querySelector('header nav')")
    page.shot(f"home-{name}")
    page.open("/log#777", size=size, lang=lang, dark=lang == "zh")
    assert page.wait("return document.body.dataset.entry") == "OK"
    assert page.run("return document.documentElement.scrollWidth") <= size[0]
    page.shot(f"log-{name}")


def test_pages_guard_themselves_and_are_sent_once(server):
    for path in ("/", "/verify", "/log", "/web/xuefen.wasm"):
        answer = get(server, path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        etag = answer.headers["etag"]
        assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
        with pytest.raises(urllib.error.HTTPError) as again:
            get(server, path, {"if-none-match": etag})
        assert again.value.code == 304
