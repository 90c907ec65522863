"""The link of a one-time grant: opened, pasted, used twice, damaged; and that its code stays out of addresses and logs."""

import json

import pytest

from conftest import DESKTOP, PHONE


def open_grant(page):
    page.run("document.body.dataset.state = 'asked'; document.getElementById('open-grant').click()")


def shown(page):
    return page.run("return document.getElementById('grant-notice').textContent")


def test_a_link_opens_the_certificate_once(page, server, learner_of_demo, good):
    code = learner_of_demo.grant(good["subject"]["index"])
    page.open(f"/verify#grant={code}")
    page.wait("return document.getElementById('grant').offsetHeight > 0")
    assert code not in page.driver.current_url and "#" not in page.driver.current_url
    assert learner_of_demo.states()[0] == "open", "to open the page uses nothing up: what previews links does that too"
    assert page.run("return document.activeElement.id") == "open-grant"
    open_grant(page)
    report = page.result()
    assert report["result"] == "pass", report["text"]
    assert "link has now been used" in report["text"] and "in exchange for the link's code" in report["text"]
    assert page.run("return document.getElementById('grant').offsetHeight === 0")
    assert learner_of_demo.states()[0] == "used"
    assert not page.complaints()
    # The language is changed and options are chosen without asking for the file again.
    page.run("document.getElementById('age').value = '3600'; document.getElementById('age').dispatchEvent(new Event('change'))")
    assert page.result()["result"] == "pass"
    # A second time it opens nothing.
    page.open(f"/verify#grant={code}")
    open_grant(page)
    page.wait("return document.body.dataset.grant === '404'")
    assert "used, withdrawn, has expired or is damaged" in shown(page)
    page.shot("grant-used")
    assert code not in server.log.read_text(errors="replace")


def test_the_code_goes_in_one_request_to_this_server_and_nowhere_else(page, server, learner_of_demo, good):
    code = learner_of_demo.grant(good["subject"]["index"])
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.open(f"/verify#grant={code}")
    page.run(
        "const own = window.fetch; window.asked = [];"
        "window.fetch = (path, init) => { asked.push([String(path), init?.method ?? 'GET', init?.body ?? '', location.href]);"
        " return own(path, init); }"
    )
    open_grant(page)
    page.result()
    asked = page.run("return window.asked")
    carrying = [request for request in asked if code in json.dumps(request)]
    assert [request[:3] for request in carrying] == [["/verify/grant", "POST", code]], asked
    kept = page.run("return JSON.stringify([history.state, document.cookie, Object.entries(localStorage), performance.getEntriesByType('resource')])")
    assert code not in kept


def test_a_pasted_link_is_used_at_once_and_one_of_another_server_not_at_all(page, server, learner_of_demo, good):
    code = learner_of_demo.grant(good["subject"]["index"])
    page.open("/verify")

    def paste(text):
        page.run("document.body.dataset.state = 'pasting'; document.getElementById('paste').click();"
                 "document.getElementById('pasted').value = arguments[0]; document.getElementById('check').click()", text)

    paste(f"https://other.example/verify#grant={code}")
    page.wait("return document.getElementById('notice').textContent.includes('other.example')")
    assert learner_of_demo.states()[0] == "open"
    paste(f"https://{server.address}/verify#grant={code}")
    assert page.result()["result"] == "pass"


@pytest.mark.parametrize("code", ["", "AAAAA-AAAAA-AAAAA-AAAAA", "x" * 4000, "<img src=x onerror=alert(1)>"])
def test_what_is_no_code_opens_nothing(page, code):
    page.open(f"/verify#grant={code}")
    page.wait("return document.getElementById('grant').offsetHeight > 0")
    open_grant(page)
    page.wait("return document.body.dataset.grant")
    assert "opens nothing" in shown(page)
    assert page.run("return document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_both_languages_at_every_width(page, learner_of_demo, good, lang, size):
    name = f"grant-{lang}-{'phone' if size == PHONE else 'desktop'}"
    page.open(f"/verify#grant={learner_of_demo.grant(good['subject']['index'])}", size=size, lang=lang)
    page.wait("return document.getElementById('grant').offsetHeight > 0")
    page.shot(f"{name}-offered")
    open_grant(page)
    assert page.result()["result"] == "pass"
    page.shot(f"{name}-used")
    assert page.run("return document.documentElement.scrollWidth") <= size[0]
