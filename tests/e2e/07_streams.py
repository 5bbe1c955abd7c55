"""What never ends: WebSocket on h1, event streams, duplex bodies; nothing may wait for a whole."""

import asyncio
import socket
import ssl
import subprocess
import threading

import websockets

from weir_e2e import RawOrigin, Scenario, main, wait_until


class Streams(Scenario):
    def setUp(self):
        super().setUp()
        self.go = threading.Event()
        cert = self.pki.issue("live.test", "ws.test")
        self.origin = RawOrigin(self.answer, cert)
        self.addCleanup(self.origin.close)
        self.ws_port = self.start_websocket(cert)
        self.gw = self.gateway(hosts=["live.test", "ws.test"], ports=[self.origin.port, self.ws_port])

    def start_websocket(self, cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        ports = []

        async def echo(socket_, *_):
            async for message in socket_:
                await socket_.send(message[::-1])

        def run():
            async def serve():
                async with websockets.serve(echo, "127.0.0.1", 0, ssl=context) as server:
                    ports.append(server.sockets[0].getsockname()[1])
                    await asyncio.Future()
            asyncio.run(serve())
        threading.Thread(target=run, daemon=True).start()
        return wait_until(lambda: ports and ports[0], "the websocket origin")

    def answer(self, connection, head):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n")
        self.go.wait(30)
        connection.sendall(b"7\r\ndata: 2\r\n0\r\n\r\n")

    def tunnel(self, host, port):
        address, proxy_port = self.gw.proxy.split(":")
        raw = socket.create_connection((address, int(proxy_port)), 30)
        raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        self.assertIn(b" 200 ", raw.recv(4096))
        return raw

    def test_events_flow_one_by_one(self):
        for version in ("--http1.1", "--http2"):
            with self.subTest(version):
                self.go.clear()
                client = subprocess.Popen(
                    ["curl", "-sSN", version, "--proxy", f"http://{self.gw.proxy}", "--cacert",
                     self.gw.ca, f"https://live.test:{self.origin.port}/"],
                    stdout=subprocess.PIPE)
                self.assertEqual(client.stdout.read(7), b"data: 1")  # before the second exists
                self.go.set()
                self.assertEqual(client.stdout.read(), b"data: 2")
                self.assertEqual(client.wait(30), 0)

    def test_websocket(self):
        async def talk():
            context = ssl.create_default_context(cafile=self.gw.ca)
            raw = self.tunnel("ws.test", self.ws_port)
            async with websockets.connect(f"wss://ws.test:{self.ws_port}/", sock=raw, ssl=context,
                                          server_hostname="ws.test") as client:
                for message in ("hello", "x" * 200_000, "bye"):
                    await client.send(message)
                    self.assertEqual(await client.recv(), message[::-1])
        asyncio.run(talk())

    def test_the_fetch_stops_when_the_client_goes(self):
        closed = threading.Event()

        def endless(connection, head):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"x" * 65536)
            except OSError:
                closed.set()
                raise
        self.origin.handler = endless
        context = ssl.create_default_context(cafile=self.gw.ca)
        raw = self.tunnel("live.test", self.origin.port)
        client = context.wrap_socket(raw, server_hostname="live.test")
        client.sendall(f"GET /big HTTP/1.1\r\nHost: live.test:{self.origin.port}\r\n\r\n".encode())
        wait_until(lambda: len(self.origin.requests) > 0, "the request")
        client.close()
        self.assertTrue(closed.wait(20), "the origin must see the end")


if __name__ == "__main__":
    main()
