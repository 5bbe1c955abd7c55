"""Chromium, driven over its debugging protocol."""

import asyncio
import base64
import json
import os
import pathlib
import socket
import subprocess
import urllib.request

from weir_e2e import wait_until


class Browser:
    """Chromium over its debugging protocol."""

    def __init__(self, folder, gateway):
        home = pathlib.Path(folder) / "home"
        database = home / ".pki/nssdb"
        database.mkdir(parents=True)
        subprocess.run(["certutil", "-N", "-d", f"sql:{database}", "--empty-password"], check=True)
        subprocess.run(["certutil", "-A", "-d", f"sql:{database}", "-n", "weir", "-t", "C,,", "-i",
                        gateway.ca], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage", "--lang=en",
             f"--user-data-dir={home}/profile", f"--remote-debugging-port={self.port}",
             f"--proxy-pac-url=http://{gateway.admin}/proxy.pac", "--window-size=1000,760",
             "about:blank"],
            env={**os.environ, "HOME": str(home)}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until(self.endpoint, "Chromium", 60)

    def endpoint(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json", timeout=2) as answer:
                pages = [p for p in json.load(answer) if p["type"] == "page"]
                return pages[0]["webSocketDebuggerUrl"] if pages else None
        except OSError:
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Page:
    def __init__(self, socket_):
        self.socket = socket_
        self.number = 0

    async def call(self, method, **parameters):
        self.number += 1
        await self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), 60))
            if answer.get("id") == self.number:
                return answer.get("result", answer)

    async def open(self, url):
        await self.call("Page.enable")
        await self.call("Page.navigate", url=url)
        for _ in range(300):
            if await self.evaluate("document.readyState + location.href") == "complete" + url:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{url} did not load: {await self.evaluate('location.href')}")

    async def evaluate(self, expression):
        result = await self.call("Runtime.evaluate", expression=expression)
        return result.get("result", {}).get("value")

    async def screenshot(self, path):
        picture = await self.call("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    async def until(self, condition):
        """Waits for a condition of the page, also across navigations."""
        for _ in range(600):
            if await self.evaluate(condition) is True:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never: {condition}: {await self.evaluate('document.body.innerText')}")

    async def submit(self, password):
        await self.evaluate(f"document.querySelector('[name=password]').value = {password!r};"
                            "document.querySelector('form').submit()")
