"""A real server for the tests: the binary that XUEFEN_BIN names, run as `xuefen demo` in a directory of its own.

What the tests count on, below that directory D:
  tls/cert.pem                        certificate of the server, for 127.0.0.1
  out/fresh.signed                    signed batch file that nobody has posted yet
  out/activation-code.txt             one-time code of a learner who has outcomes
  out/presentation.xuefen.json        presentation of one of them
  out/presentation-bad.xuefen.json    the same with something in it changed
and on a line `listening on 127.0.0.1:PORT`, written once all of these are there.
"""

import pathlib
import re
import signal
import subprocess
import time

READY = re.compile(rb"listening on (127\.0\.0\.1:\d+)\b")
START_SECONDS = 120
STOP_SECONDS = 20


class Server:
    """The process, started and stopped. Nothing but this one process is ever signalled."""

    def __init__(self, binary: str, directory: pathlib.Path):
        self.directory = directory / "ledger"
        self.log = directory / "server.log"
        command = [binary, "demo", "--dir", str(self.directory), "--listen", "127.0.0.1:0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            self.address = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll()
            if ready := READY.search(self.log.read_bytes()):
                return ready[1].decode()
            if ended is not None:
                raise RuntimeError(f"the server ended with {ended} before it listened:\n{self.output()}")
            time.sleep(0.05)
        raise RuntimeError(f"the server did not listen within {START_SECONDS} s:\n{self.output()}")

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-8000:]

    def read(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def stop(self) -> int:
        """Asks it to end, insists after a while, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
