"""One demo server and one headless Chromium for all tests. Pages are opened as a person would; screenshots go to
XUEFEN_SHOTS. Nothing leaves the loopback: the browser resolves no name but localhost."""

import base64
import json
import os
import pathlib
import sys

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

from learner import Learner  # noqa: E402
from server import Server  # noqa: E402

SHOTS = pathlib.Path(os.environ.get("XUEFEN_SHOTS", ROOT / "target" / "screenshots"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
DESKTOP, PHONE = (1280, 900), (360, 740)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    binary = os.environ.get("XUEFEN_BIN")
    if not binary:
        raise pytest.UsageError("set XUEFEN_BIN to the xuefen binary; tests/run does")
    running = Server(binary, tmp_path_factory.mktemp("xuefen"))
    yield running
    running.stop()


def chromium(directory, flags=()):
    """A browser that keeps its profile in a directory of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("XUEFEN_CHROMIUM", "/usr/bin/chromium")
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in [*FLAGS, *flags, f"--user-data-dir={directory}"]:
        options.add_argument(flag)
    service = Service(os.environ.get("XUEFEN_CHROMEDRIVER", "/usr/bin/chromedriver"))
    return webdriver.Chrome(options, service)


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def learner_of_demo(server, tmp_path_factory):
    return Learner(os.environ["XUEFEN_BIN"], server, tmp_path_factory.mktemp("learner"))


class Page:
    """A page in the browser."""

    def __init__(self, driver, server):
        self.driver, self.server = driver, server

    def open(self, path, size=DESKTOP, lang="en", dark=False):
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        # Without motion a click meets what it aims at.
        motion = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, motion]})
        # A page of its own first: to open the same one with another fragment loads nothing.
        self.driver.get("about:blank")
        path, _, fragment = path.partition("#")
        self.driver.get(f"https://{self.server.address}{path}?lang={lang}" + (f"#{fragment}" if fragment else ""))
        if path != "/":
            self.wait("return document.body.dataset.state")
        return self

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, *arguments, seconds=30):
        return WebDriverWait(self.driver, seconds, 0.03).until(lambda _: self.run(script, *arguments))

    def drop(self, content: bytes):
        """Drops a file on the page and waits for the result."""
        self.run(
            "document.body.dataset.state = 'dropped';"
            "const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));"
            "const data = new DataTransfer(); data.items.add(new File([bytes], 'shown.xuefen.json'));"
            "document.getElementById('bring').dispatchEvent("
            "  new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));",
            base64.b64encode(content).decode(),
        )
        return self.result()

    def result(self):
        """The report on the page: overall, and for each step its result, code and reason."""
        self.wait("return document.body.dataset.state === 'done'")
        return self.run(
            "const place = document.getElementById('result');"
            "const text = (item, part) => item.querySelector(part)?.textContent ?? '';"
            "const steps = [...place.querySelectorAll('[data-step]')].map((item) => ["
            "  item.dataset.result, item.dataset.code, text(item, '.reason')]);"
            "return { result: place.dataset.result, steps, headline: text(place, '#headline'),"
            "  text: place.innerText, asked: document.getElementById('asked').dataset.kind,"
            "  milliseconds: Number(place.dataset.milliseconds) }"
        )

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (SHOTS / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def complaints(self):
        """What the browser logged that is an error: a policy violated, a script that failed."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def page(driver, server):
    driver.get_log("browser")
    return Page(driver, server)


@pytest.fixture(scope="session")
def good(server):
    return json.loads(server.read("out/presentation.xuefen.json"))
