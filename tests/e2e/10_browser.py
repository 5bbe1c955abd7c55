"""A real browser through the PAC file with the CA trusted: a page, a download, a block."""

import asyncio
import base64
import http
import os
import pathlib
import ssl
import threading

import websockets

from browser import Browser, Page
from weir_e2e import RawOrigin, Scenario, main, respond, wait_until

PAGE = b"""<!doctype html><html><head><meta charset=utf-8><title>A quiet page</title></head>
<body><h1>It flows</h1><p id=script>no script</p><img src=/dot.png width=40 height=40>
<script>document.getElementById('script').textContent = 'script ran'</script></body></html>"""
DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class InABrowser(Scenario):
    def answer(self, connection, head):
        path = head.split(b" ")[1]
        if path == b"/dot.png":
            return respond(connection, DOT, content_type="image/png")
        if path == b"/report.bin":
            return respond(connection, self.download, content_type="application/octet-stream")
        return respond(connection, PAGE, content_type="text/html")

    def test_page_download_and_block(self):
        self.download = os.urandom(2_000_000)
        origin = RawOrigin(self.answer, self.pki.issue("www.test"))
        self.addCleanup(origin.close)
        gateway = self.gateway(hosts=["www.test"], ports=[origin.port])
        browser = Browser(self.folder, gateway)
        self.addCleanup(browser.close)
        saved = self.folder / "downloads"
        saved.mkdir()
        pictures = pathlib.Path(os.environ.get("WEIR_SCREENSHOTS", self.folder))

        async def browse():
            async with websockets.connect(browser.endpoint(), max_size=None) as raw:
                page = Page(raw)
                base = f"https://www.test:{origin.port}"
                await page.open(base + "/")
                self.assertEqual(await page.evaluate("document.title"), "A quiet page")
                self.assertEqual(await page.evaluate("document.getElementById('script').textContent"),
                                 "script ran")
                self.assertEqual(await page.evaluate("document.images[0].naturalWidth"), 1)

                await page.call("Browser.setDownloadBehavior", behavior="allow",
                                downloadPath=str(saved))
                await page.evaluate("let a = document.createElement('a'); a.href = '/report.bin';"
                                    "a.download = 'report.bin'; document.body.append(a); a.click()")
                wait_until(lambda: (saved / "report.bin").exists()
                           and (saved / "report.bin").read_bytes() == self.download, "the download")

                await page.open("https://demo.weir.test/eicar.com")
                text = await page.evaluate("document.body.innerText")
                self.assertIn("harmful", text)
                event = await page.evaluate("document.querySelector('.id').textContent")
                await page.screenshot(pictures / "blocked.png")
                await page.call("Network.enable")
                await page.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": "ja"})
                await page.open("https://demo.weir.test/eicar.com?ja")
                self.assertEqual(await page.evaluate("document.documentElement.lang"), "ja")
                await page.screenshot(pictures / "blocked-ja.png")
                return event
        event_id = asyncio.run(browse())
        self.assertTrue(gateway.event(lambda e: e["metadata"]["uid"] == event_id))
        self.assertIn("HTTP/2", {e["http_request"]["version"] for e in gateway.events()})

    def test_websocket_over_h2(self):
        port = self.start_websocket(self.pki.issue("ws.test"))
        gateway = self.gateway(hosts=["ws.test"], ports=[port])
        browser = Browser(self.folder, gateway)
        self.addCleanup(browser.close)

        async def browse():
            async with websockets.connect(browser.endpoint(), max_size=None) as raw:
                page = Page(raw)
                await page.open(f"https://ws.test:{port}/")
                await page.evaluate("let s = new WebSocket('wss://' + location.host + '/room');"
                                    "s.onopen = () => s.send('hello');"
                                    "s.onmessage = m => { document.title = m.data; s.close(); };"
                                    "s.onerror = () => { document.title = 'error'; }")
                for _ in range(200):
                    title = await page.evaluate("document.title")
                    if title != "page":
                        return title
                    await asyncio.sleep(0.05)
                return "nothing came"
        self.assertEqual(asyncio.run(browse()), "olleh")
        event = gateway.event(lambda e: "/room" in e["http_request"]["url"]["url_string"])
        self.assertEqual((event["http_request"]["version"], event["http_request"]["http_method"]),
                         ("HTTP/2", "CONNECT"))

    @staticmethod
    def start_websocket(cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        ports = []

        async def echo(socket_, *_):
            async for message in socket_:
                await socket_.send(message[::-1])

        async def page(path, headers):
            if "Upgrade" not in headers:
                return http.HTTPStatus.OK, [("Content-Type", "text/html")], b"<title>page</title><p>page"

        def run():
            async def serve():
                async with websockets.serve(echo, "127.0.0.1", 0, ssl=context,
                                            process_request=page) as server:
                    ports.append(server.sockets[0].getsockname()[1])
                    await asyncio.Future()
            asyncio.run(serve())
        threading.Thread(target=run, daemon=True).start()
        return wait_until(lambda: ports and ports[0], "the websocket origin")


if __name__ == "__main__":
    main()
