"""What only HTTP/2 can: WebSocket by extended CONNECT (RFC 8441), gRPC-like streams both ways."""

import asyncio
import ssl
import threading
import time

import h2.events
import h2.settings
import websockets

from h2_peer import H2Client, H2Origin, websocket_frame
from weir_e2e import RawOrigin, Scenario, main, respond, unmapped, wait_until

# Far below every timer of the gateway: whoever waits for one is found out.
AT_ONCE = 3


class WebSocketOverH2(Scenario):
    def setUp(self):
        super().setUp()
        cert = self.pki.issue("ws.test", "plain.test")
        self.asked = []
        self.port = self.start_websocket(cert)
        self.plain = RawOrigin(lambda c, head: respond(c, b"no websocket here"), cert)
        self.addCleanup(self.plain.close)
        self.gw = self.gateway(hosts=["ws.test", "plain.test"], ports=[self.port, self.plain.port])

    def start_websocket(self, cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        ports = []

        async def echo(socket_, path):
            self.asked.append((path, dict(socket_.request_headers)))
            async for message in socket_:
                await socket_.send(message[::-1])

        def run():
            async def serve():
                async with websockets.serve(echo, "127.0.0.1", 0, ssl=context, max_size=None,
                                            subprotocols=["chat"]) as server:
                    ports.append(server.sockets[0].getsockname()[1])
                    await asyncio.Future()
            asyncio.run(serve())
        threading.Thread(target=run, daemon=True).start()
        return wait_until(lambda: ports and ports[0], "the websocket origin")

    def connect(self, host, port, **more):
        client = H2Client(self.gw, host, port)
        self.addCleanup(client.close)
        client.settle()
        self.assertEqual(
            client.h2.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL), 1)
        stream = client.request([
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
            (":path", "/room?x=1"), (":authority", f"{host}:{port}"),
            ("sec-websocket-version", "13"), ("origin", f"https://{host}"), *more.items()])
        return client, stream

    def test_messages_go_both_ways_and_the_end_is_orderly(self):
        client, stream = self.connect("ws.test", self.port, **{"sec-websocket-protocol": "chat"})
        answer = client.answer(stream)
        self.assertEqual(answer[":status"], "200")
        self.assertEqual(answer.get("sec-websocket-protocol"), "chat")
        for name in ("sec-websocket-accept", "upgrade", "connection"):
            self.assertNotIn(name, answer)
        for text in (b"hello", b"ab" * 150_000, b"bye"):
            client.send(stream, websocket_frame(1, text))
            want = websocket_frame(1, text[::-1], masked=False)
            began = time.monotonic()
            self.assertEqual(client.data(stream, len(want)), want)
            if len(text) < 10:
                self.assertLess(time.monotonic() - began, AT_ONCE)
        client.send(stream, websocket_frame(8, (1000).to_bytes(2, "big")))
        closing = client.data(stream, 4)
        self.assertEqual(closing[0], 0x88)
        client.send(stream, b"", end=True)
        client.next(stream, h2.events.StreamEnded)
        path, headers = self.asked[0]
        self.assertEqual(path, "/room?x=1")
        self.assertEqual(headers["host"], f"ws.test:{self.port}")
        event = self.gw.event(lambda e: "/room" in e["http_request"]["url"]["url_string"])
        self.assertEqual(event["http_response"]["code"], 101)

    def test_two_streams_of_one_connection(self):
        client, first = self.connect("ws.test", self.port)
        second = client.request([
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
            (":path", "/second"), (":authority", f"ws.test:{self.port}"),
            ("sec-websocket-version", "13")])
        for stream in (first, second):
            self.assertEqual(client.answer(stream)[":status"], "200")
        for text in (b"one", b"two"):
            for stream in (second, first):
                client.send(stream, websocket_frame(1, text))
                self.assertEqual(client.data(stream, 5),
                                 websocket_frame(1, text[::-1], masked=False))

    def test_an_origin_that_refuses_is_passed_on_as_an_answer(self):
        client, stream = self.connect("plain.test", self.plain.port)
        self.assertEqual(client.answer(stream)[":status"], "502")  # 200 is no proof of WebSocket
        head = self.plain.requests[0].decode().lower()
        self.assertIn("upgrade: websocket", head)
        self.assertIn("get /room?x=1 http/1.1", head)


class GrpcLike(Scenario):
    def setUp(self):
        super().setUp()
        self.origin = H2Origin(self.talk, self.pki.issue("rpc.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["rpc.test"], ports=[self.origin.port])
        self.seen = {}

    def talk(self, peer, stream, headers):
        """A call in both directions: greets first, answers each message, ends with trailers."""
        self.seen = headers
        peer.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        peer.flush()
        peer.send(stream, b"greeting")
        while True:
            event = peer.next(stream, h2.events.DataReceived, h2.events.TrailersReceived,
                              h2.events.StreamEnded)
            if isinstance(event, h2.events.DataReceived):
                if event.data:
                    peer.send(stream, event.data.upper())
                continue
            if isinstance(event, h2.events.TrailersReceived):
                self.seen["x-request-sum"] = dict(event.headers).get("x-request-sum")
                continue
            break
        peer.h2.send_headers(stream, [("grpc-status", "0"), ("grpc-message", "done")],
                             end_stream=True)
        peer.flush()

    def call(self, client):
        return client.request([
            (":method", "POST"), (":scheme", "https"), (":path", "/pkg.Service/Talk"),
            (":authority", f"rpc.test:{self.origin.port}"), ("content-type", "application/grpc"),
            ("te", "trailers"), ("grpc-timeout", "60S")])

    def test_messages_interleave_and_trailers_arrive(self):
        client = H2Client(self.gw, "rpc.test", self.origin.port)
        self.addCleanup(client.close)
        stream = self.call(client)
        answer = client.answer(stream)  # before a byte of the request body
        self.assertEqual((answer[":status"], answer["content-type"]), ("200", "application/grpc"))
        self.assertEqual(client.data(stream, 8), b"greeting")
        slowest = 0.0
        for number in range(20):
            message = b"message %02d" % number
            began = time.monotonic()
            client.send(stream, message)
            self.assertEqual(client.data(stream, len(message)), message.upper())
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, AT_ONCE)
        large = b"l" * 3_000_000  # beyond every window on the way
        got = b""
        for at in range(0, len(large), 50_000):
            client.send(stream, large[at:at + 50_000])
            got += client.data(stream, 50_000)
        self.assertEqual(got, large.upper())
        client.h2.send_headers(stream, [("x-request-sum", "77")], end_stream=True)
        client.flush()
        trailers = dict(client.next(stream, h2.events.TrailersReceived).headers)
        self.assertEqual(trailers["grpc-status"], "0")
        self.assertEqual(trailers["grpc-message"], "done")
        client.next(stream, h2.events.StreamEnded)
        self.assertEqual(self.seen["te"], "trailers")
        self.assertEqual(self.seen["x-request-sum"], "77")
        event = self.gw.event(lambda e: "Service" in e["http_request"]["url"]["url_string"])
        self.assertEqual(unmapped(event)["delivery"], "stream")

    def test_two_calls_share_the_connections(self):
        client = H2Client(self.gw, "rpc.test", self.origin.port)
        self.addCleanup(client.close)
        stream = self.call(client)
        self.assertEqual(client.answer(stream)[":status"], "200")
        client.send(stream, b"", end=True)
        client.next(stream, h2.events.StreamEnded)
        stream = self.call(client)
        self.assertEqual(client.answer(stream)[":status"], "200")
        client.send(stream, b"", end=True)
        client.next(stream, h2.events.StreamEnded)
        self.assertEqual(self.origin.connections, 1)

    def test_the_origin_learns_that_the_client_cancelled(self):
        ended = threading.Event()
        talk = self.talk

        def watched(peer, stream, headers):
            try:
                talk(peer, stream, headers)
            except ConnectionResetError:
                ended.set()
                raise
        self.origin.handler = watched
        client = H2Client(self.gw, "rpc.test", self.origin.port)
        self.addCleanup(client.close)
        stream = self.call(client)
        self.assertEqual(client.data(stream, 8), b"greeting")
        client.h2.reset_stream(stream, 8)
        client.flush()
        self.assertTrue(ended.wait(20), "the origin's stream must be reset")


if __name__ == "__main__":
    main()
