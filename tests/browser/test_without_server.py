"""The page goes on checking when the server is gone. This stops the server that the other tests use, so it must stay the last
file of the folder in the alphabet."""

import copy
import json


def file(presentation):
    return json.dumps(presentation, ensure_ascii=False).encode()


def test_without_the_server_only_the_status_could_not_be_checked(page, server, good):
    page.open("/verify")
    bare = copy.deepcopy(good)
    del bare["status"]
    report = page.drop(file(bare))
    assert report["result"] == "pass" and report["asked"] == "answered", "a fresh note stands in for an absent one"
    assert server.stop() == 0
    report = page.drop(file(bare))
    assert [step[0] for step in report["steps"]] == ["pass"] * 6 + ["could-not-check", "not-asked"], report["text"]
    assert report["steps"][6][1] == "STATUS_ABSENT"
    assert report["result"] == "could-not-check" and "Status not known" in report["headline"]
    assert report["asked"] == "silent" and "did not answer" in report["text"]
    page.shot("verify-without-server")
    # With a note of its own that is young enough, the file needs nobody.
    report = page.drop(file(good))
    assert report["result"] == "pass", report["text"]
    # The same file a year later: the note is too old, and says so.
    page.run("const then = Date.now() + 366 * 86400_000; Date.now = () => then")
    report = page.drop(file(good))
    assert report["steps"][6][:2] == ["could-not-check", "STATUS_AGE"] and "out of date" in report["headline"]
