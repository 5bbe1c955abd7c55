"""A client and an origin that speak HTTP/2 frame by frame, for what curl cannot do."""

import collections
import os
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class Peer:
    """What both roles share: one connection, events sorted by stream."""

    def __init__(self, connection, raw):
        self.h2 = connection
        self.raw = raw
        self.events = collections.defaultdict(collections.deque)
        self.ended = False

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.raw.sendall(data)

    def read_more(self):
        data = self.raw.recv(65536)
        if not data:
            self.ended = True
            raise EOFError("the HTTP/2 connection ended")
        for event in self.h2.receive_data(data):
            stream = getattr(event, "stream_id", None) or 0
            if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.events[stream].append(event)
        self.flush()

    def next(self, stream, *kinds):
        """The next event of the stream, which must be of one of the kinds (others are dropped)."""
        while True:
            while self.events[stream]:
                event = self.events[stream].popleft()
                if isinstance(event, kinds):
                    return event
                if isinstance(event, h2.events.StreamReset):
                    raise ConnectionResetError(f"stream {stream} was reset: {event.error_code}")
            self.read_more()

    def data(self, stream, size):
        """Exactly so many bytes of the stream's body."""
        got = b""
        while len(got) < size:
            got += self.next(stream, h2.events.DataReceived).data
        assert len(got) == size, (len(got), size)
        return got

    def send(self, stream, data, end=False):
        while data or end:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if data and room == 0:
                self.read_more()
                continue
            piece, data = data[:room], data[room:]
            self.h2.send_data(stream, piece, end_stream=end and not data)
            self.flush()
            if not data:
                return

    def close(self):
        self.raw.close()


class H2Client(Peer):
    """Through the gateway's proxy to an origin."""

    def __init__(self, gateway, host, port, validate=True):
        address, proxy_port = gateway.proxy.split(":")
        tcp = socket.create_connection((address, int(proxy_port)), 30)
        tcp.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        answer = tcp.recv(4096)
        assert b" 200 " in answer, answer
        context = ssl.create_default_context(cafile=gateway.ca)
        context.set_alpn_protocols(["h2"])
        raw = context.wrap_socket(tcp, server_hostname=host)
        assert raw.selected_alpn_protocol() == "h2"
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8",
                                           validate_outbound_headers=validate,
                                           normalize_outbound_headers=validate)
        super().__init__(h2.connection.H2Connection(config), raw)
        self.h2.initiate_connection()
        self.flush()

    def settle(self):
        """Waits for the gateway's SETTINGS."""
        self.next(0, h2.events.RemoteSettingsChanged)

    def request(self, headers, end=False):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, headers, end_stream=end)
        self.flush()
        return stream

    def answer(self, stream):
        return dict(self.next(stream, h2.events.ResponseReceived).headers)


class H2Origin:
    """`handler(peer, stream, headers)` answers each request, on the connection's own thread."""

    def __init__(self, handler, cert, settings=None):
        self.handler = handler
        self.connections = 0
        self.settings = settings
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*cert)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        self.connections += 1
        try:
            raw.settimeout(60)
            config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
            peer = Peer(h2.connection.H2Connection(config),
                        self.context.wrap_socket(raw, server_side=True))
            if self.settings:
                peer.h2.update_settings(self.settings)
            peer.h2.initiate_connection()
            peer.flush()
            while True:
                asked = self._next_request(peer)
                self.handler(peer, asked.stream_id, dict(asked.headers))
        except (OSError, EOFError, ssl.SSLError, h2.exceptions.ProtocolError):
            pass

    @staticmethod
    def _next_request(peer):
        while True:
            for stream in list(peer.events):
                for event in list(peer.events[stream]):
                    if isinstance(event, h2.events.RequestReceived):
                        peer.events[stream].remove(event)
                        return event
            peer.read_more()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, see RawOrigin.close
        self.acceptor.join(20)
        self.listener.close()


def websocket_frame(opcode, payload, masked=True):
    """RFC 6455 5.2, always final."""
    size = len(payload)
    flag = 0x80 if masked else 0
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += bytes([flag | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = (key * (size // 4 + 1))[:size]
    mixed = (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
    return head + key + mixed
