"""Stands in front of sfsim for network.sh.

  tls.py serve URL CERTIFICATE KEY LOG   answers https and passes everything on to URL; logs who calls
  tls.py proxy LOG                       an HTTP proxy for CONNECT, to which every host is this machine; logs where to
  tls.py refuse LOG                      one that wants a password
  tls.py http2 CERTIFICATE KEY LOG       takes HTTP/2 only, and hangs up; logs what was agreed on

Prints the port it listens on.
"""
import http.client
import select
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # a client that refuses our certificate


class PassOn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(log, "a") as file:
            file.write(f"{self.path.split('?')[0]} {self.headers.get('User-Agent')} {self.headers.get('Sforce-Call-Options')}\n")
        upstream = http.client.HTTPConnection(url.removeprefix("http://"))
        headers = dict(self.headers.items()) | {"X-Forwarded-Proto": "https"}
        upstream.request(self.command, self.path, body, headers)
        got = upstream.getresponse()
        content = got.read()
        self.send_response_only(got.status)
        for name, value in got.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


class Proxy(BaseHTTPRequestHandler):
    def do_CONNECT(self):
        with open(log, "a") as file:
            file.write(self.path + "\n")
        port = self.path.rsplit(":", 1)[1]
        if mode == "refuse":
            self.send_response_only(407, "Proxy Authentication Required")
            self.send_header("Proxy-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        far = socket.create_connection(("127.0.0.1", int(port)))
        self.send_response_only(200, "Connection established")
        self.end_headers()
        near = self.connection
        while True:
            for ready in select.select([near, far], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (far if ready is near else near).sendall(data)

    def log_message(self, *args):
        pass


class HangUp(BaseHTTPRequestHandler):
    def handle(self):
        self.connection.do_handshake()
        with open(log, "a") as file:
            file.write(f"{self.connection.selected_alpn_protocol()}\n")


mode, *rest = sys.argv[1:]
log = rest[-1]
if mode in ("serve", "http2"):
    *upstream, certificate, key, log = rest
    url = "".join(upstream)
    server = Server(("127.0.0.1", 0), PassOn if mode == "serve" else HangUp)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if mode == "http2":
        context.set_alpn_protocols(["h2"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
else:
    server = Server(("127.0.0.1", 0), Proxy)
print(server.server_address[1], flush=True)
server.serve_forever()
