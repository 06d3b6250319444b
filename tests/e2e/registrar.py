# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SIP registrar for one user, which asks for the password by digest. It forwards no calls."""
import hashlib
import re
import socket
import ssl
import subprocess
import threading

NONCE = "0123456789abcdef"
REALM = "test"


def header(message, name):
    found = re.search(rf"^{name}:\s*(.*?)\s*$", message, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def digest(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Registrar:
    """`transport` is udp or tls; `contacts` has what was registered."""

    def __init__(self, directory, user, password, transport="udp"):
        self.user, self.password, self.contacts = user, password, []
        if transport == "udp":
            self.socket = socket.socket(type=socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            serve = self._serve_udp
        else:
            self.certificate = f"{directory}/registrar.pem"
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.tls = self._make_tls(directory)
            serve = self._serve_tls
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=serve, daemon=True).start()

    def _make_tls(self, directory):
        key = f"{directory}/registrar.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", key, "-out", self.certificate, "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1"],
                       check=True, capture_output=True, timeout=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        return context

    def _serve_udp(self):
        while True:
            data, peer = self.socket.recvfrom(65536)
            answer = self._answer(data.decode())
            if answer:
                self.socket.sendto(answer.encode(), peer)

    def _serve_tls(self):
        while True:
            plain, _ = self.socket.accept()
            threading.Thread(target=self._serve_one, args=(plain,), daemon=True).start()

    def _serve_one(self, plain):
        data = b""
        try:
            with self.tls.wrap_socket(plain, server_side=True) as client:
                while True:
                    more = client.recv(65536)
                    if not more:
                        return
                    data += more
                    # None of these requests has a body.
                    while b"\r\n\r\n" in data:
                        request, _, data = data.partition(b"\r\n\r\n")
                        answer = self._answer(request.decode() + "\r\n\r\n")
                        if answer:
                            client.sendall(answer.encode())
        except (ssl.SSLError, OSError):
            return

    def _is_right(self, request):
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', header(request, "Authorization")))
        ha1 = digest(self.user, REALM, self.password)
        ha2 = digest("REGISTER", given.get("uri", ""))
        if "qop" in given:
            right = digest(ha1, NONCE, given["nc"], given["cnonce"], given["qop"], ha2)
        else:
            right = digest(ha1, NONCE, ha2)
        return given.get("username") == self.user and given.get("response") == right

    def _answer(self, request):
        if not request.startswith("REGISTER "):
            return None
        more = ""
        if not header(request, "Authorization"):
            status = "401 Unauthorized"
            more = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5\r\n'
        elif self._is_right(request):
            status = "200 OK"
            self.contacts.append(header(request, "Contact"))
            more = f"Contact: {header(request, 'Contact')};expires=3600\r\n"
        else:
            status = "403 Forbidden"
        copied = "".join(f"{name}: {header(request, name)}\r\n"
                         for name in ("Via", "From", "Call-ID", "CSeq"))
        return (f"SIP/2.0 {status}\r\n{copied}To: {header(request, 'To')};tag=1\r\n{more}"
                "Content-Length: 0\r\n\r\n")
