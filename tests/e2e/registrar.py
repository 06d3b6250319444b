# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SIP server for one user: it asks for the password by digest, and passes calls on.

The user's side is UDP, TCP or TLS, the side of everybody else is UDP. It stays in the path of each
dialogue (Record-Route), as servers do whose clients cannot be reached but through their own
connection. It keeps no transactions: who sends again is passed on again.
"""
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


def headers(message, name):
    return re.findall(rf"^{name}:\s*(.*?)\s*$", message, re.MULTILINE | re.IGNORECASE)


def digest(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def split_messages(data):
    """The whole messages that the bytes of a stream begin with, and the rest."""
    messages = []
    while True:
        data = data.lstrip(b"\r\n")
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return messages, data
        length = int(header(head.decode("latin-1"), "Content-Length") or 0)
        if len(rest) < length:
            return messages, data
        messages.append((head + end + rest[:length]).decode("latin-1"))
        data = rest[length:]


class Registrar:
    """`transport` is udp, tcp or tls; `contacts` has what was registered, `passed_on` the methods
    of requests and `users` where the others are: name -> address of a telephone."""

    def __init__(self, directory, user, password, transport="udp"):
        self.user, self.password, self.transport = user, password, transport
        self.contacts, self.passed_on, self.users = [], [], {}
        self.binding, self.pending, self.lock = None, {}, threading.Lock()
        self.outside = socket.socket(type=socket.SOCK_DGRAM)
        self.outside.bind(("127.0.0.1", 0))
        self.outside_port = self.port = self.outside.getsockname()[1]
        self._start(self._serve_udp)
        if transport != "udp":
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.port = self.socket.getsockname()[1]
            self.tls = self._make_tls(directory) if transport == "tls" else None
            self._start(self._serve_stream)

    @staticmethod
    def _start(function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _make_tls(self, directory):
        self.certificate = f"{directory}/registrar.pem"
        key = f"{directory}/registrar.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", key, "-out", self.certificate, "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1"],
                       check=True, capture_output=True, timeout=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        return context

    # ---- in and out: a peer is a function that sends it a message ----

    def _outside_peer(self, address):
        return lambda message: self.outside.sendto(message.encode("latin-1"), address)

    def _serve_udp(self):
        while True:
            data, address = self.outside.recvfrom(65536)
            if data.strip():
                self._take(data.decode("latin-1"), self._outside_peer(address))

    def _serve_stream(self):
        while True:
            plain, _ = self.socket.accept()
            self._start(self._serve_one, plain)

    def _serve_one(self, plain):
        data = b""
        try:
            client = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            with client:
                while more := client.recv(65536):
                    messages, data = split_messages(data + more)
                    for message in messages:
                        self._take(message, lambda text: client.sendall(text.encode("latin-1")))
        except OSError:
            return

    def _take(self, message, peer):
        with self.lock:
            if message.startswith("SIP/2.0 "):
                self._pass_back(message)
            elif message.startswith("REGISTER "):
                self._register(message, peer)
            else:
                self._pass_on(message, peer)

    # ---- registration ----

    def _is_right(self, request, name):
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', header(request, name)))
        ha1 = digest(self.user, REALM, self.password)
        ha2 = digest(request.split(" ", 1)[0], given.get("uri", ""))
        if "qop" in given:
            right = digest(ha1, NONCE, given["nc"], given["cnonce"], given["qop"], ha2)
        else:
            right = digest(ha1, NONCE, ha2)
        return given.get("username") == self.user and given.get("response") == right

    @staticmethod
    def _answer(request, status, more=""):
        copied = "".join(f"{name}: {value}\r\n" for name in ("Via", "From", "Call-ID", "CSeq")
                         for value in headers(request, name))
        tag = "" if ";tag=" in header(request, "To") else ";tag=1"
        return (f"SIP/2.0 {status}\r\n{copied}To: {header(request, 'To')}{tag}\r\n{more}"
                "Content-Length: 0\r\n\r\n")

    def _register(self, request, peer):
        challenge = f'Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5\r\n'
        if not header(request, "Authorization"):
            peer(self._answer(request, "401 Unauthorized", f"WWW-Authenticate: {challenge}"))
        elif self._is_right(request, "Authorization"):
            contact = header(request, "Contact")
            self.contacts.append(contact)
            self.binding = re.search(r"<([^>]*)>", contact).group(1), peer
            peer(self._answer(request, "200 OK", f"Contact: {contact};expires=3600\r\n"))
        else:
            peer(self._answer(request, "403 Forbidden"))

    # ---- calls ----

    def _is_allowed(self, request, peer):
        """Our own user's calls need the password, too."""
        if (not request.startswith("INVITE ") or ";tag=" in header(request, "To")
                or f"sip:{self.user}@" not in header(request, "From")
                or self._is_right(request, "Proxy-Authorization")):
            return True
        peer(self._answer(request, "407 Proxy Authentication Required",
                          f'Proxy-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", '
                          "algorithm=MD5\r\n"))
        return False

    def _find(self, uri):
        """The next hop: what to ask for there, and how."""
        user = re.match(r"sips?:(?:([^@;]*)@)?([^;:>]*):?(\d*)", uri)
        if self.binding and user.group(1) == self.user:
            return self.binding
        if user.group(1) in self.users:
            uri = self.users[user.group(1)]
            user = re.match(r"sips?:(?:([^@;]*)@)?([^;:>]*):?(\d*)", uri)
        if not user.group(3) or int(user.group(3)) in (self.port, self.outside_port):
            return None
        return uri, self._outside_peer((user.group(2), int(user.group(3))))

    def _routes(self):
        """Ourselves, from either side."""
        own = [f"<sip:127.0.0.1:{self.outside_port};lr>"]
        if self.transport != "udp":
            own.append(f"<sip:127.0.0.1:{self.port};transport={self.transport};lr>")
        return own

    def _pass_on(self, request, peer):
        if not self._is_allowed(request, peer):
            return
        method, uri, _ = request.split(" ", 2)
        hop = self._find(uri)
        if not hop:
            if method != "ACK":
                peer(self._answer(request, "404 Not Found"))
            return
        self.passed_on.append(method)
        branch = re.search(r"branch=([^;,\s]+)", header(request, "Via")).group(1)
        self.pending[branch] = peer
        line, _, rest = request.partition("\r\n")
        rest = re.sub(r"^(Route|Proxy-Authorization):.*\r\n", "", rest,
                      flags=re.MULTILINE | re.IGNORECASE)
        routes, via = self._routes(), f"UDP 127.0.0.1:{self.outside_port}"
        if hop is self.binding:
            routes.reverse()
            via = f"{self.transport.upper()} 127.0.0.1:{self.port}"
        record = "".join(f"Record-Route: {route}\r\n" for route in routes)
        hop[1](f"{method} {hop[0]} SIP/2.0\r\nVia: SIP/2.0/{via};branch={branch}.p\r\n"
               f"{record}{rest}")

    def _pass_back(self, answer):
        vias = headers(answer, "Via")
        branch = re.search(r"branch=([^;,\s]+)\.p", vias[0])
        if branch and branch.group(1) in self.pending:
            line, _, rest = answer.partition("\r\n")
            rest = re.sub(r"^Via:.*\r\n", "", rest, count=1, flags=re.MULTILINE | re.IGNORECASE)
            self.pending[branch.group(1)](f"{line}\r\n{rest}")
