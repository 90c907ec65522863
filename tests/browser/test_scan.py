"""QR codes before the camera: a browser whose camera shows a film of one, and pictures of them."""

import base64
import io

import pytest
import segno

from conftest import PHONE, Page, chromium

WIDTH, HEIGHT = 640, 480


def grey(text, scale=5):
    """A light picture with the code in its middle, rows of bytes."""
    rows = [row for row in segno.make(text, error="m", micro=False).matrix_iter(scale=scale, border=4)]
    left, top = (WIDTH - len(rows[0])) // 2, (HEIGHT - len(rows)) // 2
    assert left >= 0 and top >= 0, "the code fits"
    picture = [bytearray(b"\xc8" * WIDTH) for _ in range(HEIGHT)]
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            picture[top + y][left + x] = 0x1E if dark else 0xDC
    return [bytes(row) for row in picture]


def film(path, rows):
    """A film of one still frame, as Chromium takes for a camera (Y4M, 4:2:0)."""
    frame = b"FRAME\n" + b"".join(rows) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)


@pytest.fixture
def camera(tmp_path, tmp_path_factory, server):
    """A page in a browser of its own, whose camera shows this text."""
    browsers = []

    def show(text):
        film(tmp_path / "camera.y4m", grey(text))
        flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                 f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}"]
        browser = chromium(tmp_path_factory.mktemp("chromium"), flags)
        browsers.append(browser)
        return Page(browser, server)

    yield show
    for browser in browsers:
        browser.quit()


def test_a_grants_link_before_the_camera_opens_the_certificate(camera, server, learner_of_demo, good):
    code = learner_of_demo.grant(good["subject"]["index"])
    page = camera(f"https://{server.address}/verify#grant={code}")
    page.open("/verify", size=PHONE).run("document.body.dataset.state = 'scanning'; document.getElementById('scan').click()")
    report = page.result()
    assert report["result"] == "pass", report["text"]
    assert learner_of_demo.states()[0] == "used"
    assert page.run("return document.getElementById('camera').offsetHeight === 0 && document.getElementById('video').srcObject === null")
    page.shot("scan-phone-used")
    assert not page.complaints()


def test_a_code_that_says_something_else_is_told_so(camera):
    page = camera("https://somewhere.example/menu")
    page.open("/verify").run("document.getElementById('scan').click()")
    page.wait("return document.getElementById('notice').textContent.includes('something else')")
    assert page.run("return location.host") == page.server.address, "no code leads away from the page"


def test_a_picture_of_a_code_is_read_and_one_without_is_told_so(page, server, learner_of_demo, good):
    def give(content):
        page.run(
            "document.body.dataset.state = 'giving'; document.getElementById('notice').textContent = '';"
            "const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));"
            "const data = new DataTransfer(); data.items.add(new File([bytes], 'code.png', { type: 'image/png' }));"
            "const input = document.getElementById('picture'); input.files = data.files; input.dispatchEvent(new Event('change'))",
            base64.b64encode(content).decode(),
        )

    def png(text):
        out = io.BytesIO()
        segno.make(text, micro=False).save(out, kind="png", scale=4)
        return out.getvalue()

    page.open("/verify").run("document.getElementById('scan').click()")
    page.wait("return document.getElementById('notice').textContent.includes('could not be opened')")
    assert page.run("return document.getElementById('scan-area').offsetHeight > 0"), "without a camera a picture can be given"
    page.shot("scan-no-camera")
    give(b"no picture")
    page.wait("return document.getElementById('notice').textContent.includes('no picture')")
    blank = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
    give(blank)
    page.wait("return document.getElementById('notice').textContent.includes('No QR code')")
    give(png(f"https://{server.address}/verify#grant={learner_of_demo.grant(good['subject']['index'])}"))
    assert page.result()["result"] == "pass"
