"""The learner of the demo, at the command line: makes one-time grants."""

import json
import subprocess


class Learner:
    """Trades the activation code for a token once, then grants as often as asked."""

    def __init__(self, binary, server, directory):
        self.binary, self.server, self.token = binary, server, directory / "learner.token"
        code = server.read("out/activation-code.txt").decode().strip()
        self.run("account", "activate", code, "--out", self.token)

    def run(self, *words):
        trust = ["--server", f"https://{self.server.address}", "--ca", self.server.directory / "tls/cert.pem"]
        command = [self.binary, "--json", "--lang", "en", *words, *trust]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def grant(self, index):
        """A new code for the outcome at this index."""
        return self.run("grant", "create", str(index), "--token", self.token)["code"]

    def states(self):
        """How the grants stand, newest first."""
        grants = self.run("grant", "list", "--token", self.token)
        return [grant["state"] for grant in (grants["grants"] if isinstance(grants, dict) else grants)]
