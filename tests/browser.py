"""Chromium over a pipe: no driver, no socket, no port.

A page is one tab. `run` gives what an expression is worth; `until` waits for one to be true.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-color-profile=srgb "
    "--remote-debugging-pipe"
)
BEGIN = """
import fcntl, os, sys
given = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
os.dup2(given[0], 3)  # the browser reads commands from 3
os.dup2(given[1], 4)  # and writes to 4
os.execv(sys.argv[3], sys.argv[3:])
"""
WAIT = 60.0  # seconds that a command or a condition may take, on a machine that does other things


class Browser:
    """One headless browser with a profile of its own under `folder`."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        profile = f"--user-data-dir={folder}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, str(theirs_in), str(theirs_out), CHROMIUM, *FLAGS.split(), profile],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.reading, self.writing = ours_in, ours_out
        self.rest, self.count = b"", 0
        self.events: deque[dict[str, Any]] = deque(maxlen=2000)

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its result; events that come meanwhile are kept."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            if not select.select([self.reading], [], [], WAIT)[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.reading, 2**16)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.rest += piece
        message, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def tab(self, url: str, *, width: int = 1200, height: int = 1000, dark: bool = False) -> Tab:
        """A new tab with storage of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Tab(self, session)
        made.view(width, height, dark=dark)
        for domain in ("Page", "Runtime", "Log", "Network"):
            made.send(f"{domain}.enable")
        made.send("Page.navigate", url=url)
        return made

    def close(self) -> None:
        """Ends it, and lets go of the pipe."""
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(10)
        os.close(self.reading)
        os.close(self.writing)


class Tab:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.send(method, self.session, **params)

    def view(self, width: int, height: int, *, dark: bool = False, calm: bool = True) -> None:
        """Size in CSS pixels, colours, and whether movement is wanted."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        wanted = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if calm else "",
        }
        self.send("Emulation.setEmulatedMedia", features=[{"name": k, "value": v} for k, v in wanted.items()])

    def run(self, expression: str) -> Any:
        """The value of an expression, awaited."""
        found = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"]["exception"].get("description", found["exceptionDetails"]))
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until the expression is true."""
        end = time.monotonic() + WAIT
        while not self.run(f"!!({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"never true: {expression}\n{self.run('document.body.innerText')[:3000]}")
            time.sleep(0.05)

    def text(self, selector: str = "main") -> str:
        """The visible text of an element."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def reads(self, words: str, selector: str = "main") -> None:
        """Waits until an element shows these words."""
        self.until(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '').includes({json.dumps(words)})")

    def press(self, text: str, within: str = "body") -> None:
        """Clicks the visible button or link with this text or label."""
        among = ", ".join(f"{part} {tag}" for part in within.split(", ") for tag in ("button", "a", "summary"))
        named = f"(e.innerText.trim() === {json.dumps(text)} || e.ariaLabel === {json.dumps(text)})"
        seen = "e.checkVisibility() && !e.disabled"
        find = f"[...document.querySelectorAll({json.dumps(among)})].find(e => {seen} && {named})"
        self.until(f"!!({find})")
        self.run(f"({find}).click()")

    def write(self, selector: str, text: str) -> None:
        """Types into a field as a person does, in place of what stands there."""
        self.until(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.send("Input.insertText", text=text)

    def key(self, name: str) -> None:
        """One key."""
        codes = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " ")}
        code, text = codes[name]
        more = {"text": text} if text else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, windowsVirtualKeyCode=code, **more)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=name, code=name, windowsVirtualKeyCode=code)

    def shot(self, path: Path, *, whole: bool = False) -> None:
        """What is seen, as PNG."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def faults(self) -> list[str]:
        """What the browser complained of: exceptions, policy, missing files. Refusals that were asked for too."""
        found = []
        for event in self.browser.events:
            params = event.get("params", {})
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(str(details.get("exception", {}).get("description", details)))
            if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found
