"""tls_peer.py - a server that follows a plan byte by byte, for what no real server does.

usage: tls_peer.py CERTIFICATE KEY

Listens on a free port of the loopback for the client under test and on one for its spec, prints both on one
line, and ends when the spec's connection does. Specs use it through tls_peer.lua, which documents plans.

Each connection has a thread that runs the plan's steps; TLS is done in memory, so that each byte leaves when a
step says so. What was sent after a gate has reached the client's kernel when the spec goes on.
"""
import array
import ctypes
import fcntl
import http.client
import json
import select
import socket
import ssl
import struct
import sys
import termios
import threading
import time

PATIENCE_SECONDS = 20  # nothing here takes that long; a spec that waits for more is to fail, not to hang
ORPHAN_SECONDS = 20    # how long to wait for the spec's connection
TCP_ESTABLISHED, TCP_CLOSE_WAIT = 1, 8
TCP_FIN_SENT = 4, 9  # FIN_WAIT1, LAST_ACK
SSL_OF_PYSSLSOCKET = 3 * ctypes.sizeof(ctypes.c_void_p)  # after the object's head (2) and its socket


class Ended(Exception):
    """The client has ended the connection."""


class Script:
    """What was asked for, and what was seen."""

    def __init__(self):
        self.plans, self.always = [], [["handshake"], ["serve"]]
        self.connections, self.requests = [], []


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
changed = threading.Condition()
script = Script()


def until(condition, what):
    """Waits for a condition of the threads' states, with the lock held."""
    if not changed.wait_for(condition, PATIENCE_SECONDS):
        raise RuntimeError("waited too long for " + what)


def unread(sock):
    size = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, size)
    return size[0]


def unacknowledged(sock):
    size = array.array("i", [0])
    fcntl.ioctl(sock, termios.TIOCOUTQ, size)
    return size[0]


def tcp_state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


class Connection:
    def __init__(self, owner, sock, plan):
        self.owner, self.sock, self.plan = owner, sock, plan
        self.number = len(owner.connections) + 1
        self.tls, self.inbox, self.state, self.gate, self.passes = None, b"", "running", None, set()
        self.seen = {"number": self.number, "requests": 0, "bytes": 0, "ended": False}

    # ------------------------------------------------------------ bytes

    def set_state(self, state, gate=None):
        with changed:
            self.state, self.gate = state, gate
            changed.notify_all()

    def receive(self):
        """Bytes of TCP; raises Ended at its end."""
        self.set_state("reading")
        try:
            data = self.sock.recv(65536)
        except OSError:
            self.seen["ended"] = "reset"
            raise Ended from None
        finally:
            self.set_state("running")
        if not data:
            self.seen["ended"] = self.seen["ended"] or "eof"
            raise Ended
        return data

    def more(self):
        """Bytes of the application."""
        while self.tls:
            try:
                data = self.tls.read(65536)
                if data:
                    break
                self.seen["ended"] = "close_notify"
                raise Ended
            except ssl.SSLWantReadError:
                self.flush()
                self.incoming.write(self.receive())
            except ssl.SSLZeroReturnError:
                self.seen["ended"] = "close_notify"
                raise Ended from None
        else:
            data = self.receive()
        self.seen["bytes"] += len(data)
        return data

    def deliver(self, data):
        """Sends bytes of TCP."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.seen["ended"] = "reset"
            raise Ended from None

    def arrived(self):
        """Whether the client's kernel has all that was sent."""
        try:
            return not unacknowledged(self.sock) or tcp_state(self.sock) not in (TCP_ESTABLISHED, TCP_CLOSE_WAIT)
        except (OSError, ValueError):
            return True  # closed

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.deliver(data)

    def send(self, data):
        if self.tls:
            self.tls.write(data)
            self.flush()
        else:
            self.deliver(data)

    # ------------------------------------------------------------ HTTP

    def take(self, size):
        while len(self.inbox) < size:
            self.inbox += self.more()
        taken, self.inbox = self.inbox[:size], self.inbox[size:]
        return taken

    def take_head(self):
        while b"\r\n\r\n" not in self.inbox:
            self.inbox += self.more()
        head = self.take(self.inbox.index(b"\r\n\r\n") + 4).decode("latin-1")
        line, *fields = head.rstrip("\r\n").split("\r\n")
        headers = dict((name.lower(), value.strip()) for name, _, value in (f.partition(":") for f in fields))
        method, target = line.split(" ")[:2]
        return {"connection": self.number, "line": line, "method": method, "target": target, "header": headers,
                "at": time.monotonic()}

    def record(self, request, body):
        request["body"] = body.decode("latin-1")
        with changed:
            self.owner.requests.append(request)
            request["number"] = len(self.owner.requests)
            self.seen["requests"] += 1
        self.request = request

    def answer(self, reply):
        body = reply.get("body")
        if body is None:
            told = {"id": self.request["target"].rsplit("/", 1)[-1], "connection": self.number}
            body = json.dumps(told)
        body = body.encode("utf-8", "surrogateescape")
        lines = ["HTTP/1.1 %d %s" % (reply.get("status", 200), reply.get("reason", "As planned"))]
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        headers.update(reply.get("headers", {}))
        lines += ["%s: %s" % pair for pair in headers.items() if pair[1] is not False]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + body

    # ------------------------------------------------------------ steps

    def do_handshake(self, options=None):
        options = options or {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.get("certificate", sys.argv[1:3]))
        context.num_tickets = options.get("tickets", 2)
        if "version" in options:
            version = ssl.TLSVersion["TLSv" + options["version"].replace(".", "_")]
            context.minimum_version = context.maximum_version = version
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.incoming.write(self.receive())
            except ssl.SSLError as problem:
                self.seen["refused"] = problem.reason
                self.flush()
                raise Ended from None
        self.flush()
        self.seen.update(version=self.tls.version(), resumed=self.tls.session_reused)

    def do_head(self):
        self.request = self.take_head()

    def do_read(self):
        request = self.take_head()
        self.record(request, self.take(int(request["header"].get("content-length", 0))))

    def do_bytes(self, size):
        self.take(size)

    def do_tcp_bytes(self, size):
        while size > 0:
            size -= len(self.receive())

    def do_send(self, text):
        self.send(text.encode("latin-1"))

    def do_raw(self, text):
        self.deliver(text.encode("latin-1"))

    def do_reply(self, reply=None):
        self.send(self.answer(reply or {}))

    def do_part(self, reply, size):
        """The first bytes of a reply, from its end where the size is negative."""
        self.send(self.answer(reply)[:size])

    def do_drip(self, text, seconds):
        """One byte after the other, each so long after the one before, until the client goes."""
        for byte in text.encode("latin-1"):
            self.send(bytes([byte]))
            self.set_state("gate")
            time.sleep(seconds)
            self.set_state("running")

    def do_serve(self, reply=None):
        while True:
            self.do_read()
            self.do_reply(reply)

    def do_forward(self, port, fate="reply"):
        """One request to a server of the loopback; its response goes back, in half, or not at all."""
        self.do_read()
        headers = {name: value for name, value in self.request["header"].items() if name != "host"}
        server = http.client.HTTPConnection("127.0.0.1", port)
        server.request(self.request["method"], self.request["target"],
                       self.request["body"].encode("latin-1") or None, headers)
        response = server.getresponse()
        body = response.read()
        server.close()
        head = "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (
            response.status, response.reason, len(body))
        whole = head.encode() + body
        if fate != "lose":
            self.send(whole if fate == "reply" else whole[:len(head) + len(body) // 2])

    def do_gate(self, name):
        self.set_state("gate", name)
        with changed:
            until(lambda: name in self.passes, "gate " + name)
        self.set_state("running")

    def do_ticket(self):
        """A NewSessionTicket of TLS 1.3, which Python's ssl sends after the handshake only."""
        library = ctypes.CDLL("libssl.so.3")
        handle = ctypes.c_void_p.from_address(id(self.tls._sslobj) + SSL_OF_PYSSLSOCKET)
        if library.SSL_new_session_ticket(handle) != 1 or library.SSL_do_handshake(handle) != 1:
            raise RuntimeError("no ticket")
        self.flush()

    def do_close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def do_fin(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the client was faster
            raise Ended from None
        poll(lambda: tcp_state(self.sock) not in TCP_FIN_SENT, "the client's acknowledgement of the end")

    def do_rst(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def do_tunnel(self, port):
        """Joins the client to a port of the loopback until one of them ends."""
        target = socket.create_connection(("127.0.0.1", port))
        self.do_raw("HTTP/1.1 200 Connection established\r\n\r\n")

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        back = threading.Thread(target=pump, args=(target, self.sock), daemon=True)
        back.start()
        self.set_state("tunnel")
        pump(self.sock, target)
        back.join()
        target.close()

    def do_hold(self):
        """Reads until the client ends the connection, and says nothing."""
        while True:
            self.receive()

    def run(self):
        try:
            for name, *arguments in self.plan:
                getattr(self, "do_" + name)(*arguments)
        except Ended:
            pass
        except Exception as problem:  # of a plan that is wrong; the spec asks
            self.seen["problem"] = "%s: %s" % (type(problem).__name__, problem)
        finally:
            self.sock.close()
            self.set_state("ended")


# ---------------------------------------------------------------- the spec's side


def accept_waiting():
    """Begins what the kernel has connected so far, with the lock held."""
    while True:
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            return
        sock.setblocking(True)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plan = script.plans.pop(0) if script.plans else script.always
        connection = Connection(script, sock, plan)
        script.connections.append(connection)
        changed.notify_all()
        threading.Thread(target=connection.run, daemon=True).start()


def serve_clients():
    while True:
        select.select([listener], [], [])
        with changed:
            accept_waiting()


def is_settled(connection):
    """Whether the thread waits for the client, and has taken all that has come from it."""
    if connection.state == "reading":
        try:
            return unread(connection.sock) == 0
        except (OSError, ValueError):
            return False
    return connection.state in ("gate", "ended", "tunnel")


def poll(condition, what):
    """Waits for what no thread reports."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("waited too long for " + what)
        time.sleep(0.0005)


def command_plan(plans):
    script.plans += plans


def command_always(plan):
    script.always = plan


def command_pass(name):
    """Waits for a connection at the gate, lets it pass, waits until it waits again."""
    def waiting():
        return [c for c in script.connections if c.state == "gate" and c.gate == name]

    with changed:
        until(waiting, "gate " + name)
        connection = waiting()[0]
        connection.state = "running"
        connection.passes.add(name)
        changed.notify_all()
        until(lambda: connection.state in ("reading", "gate", "ended"), "what follows gate " + name)
    poll(connection.arrived, "the client's acknowledgement")


def command_reached(name):
    with changed:
        until(lambda: any(c.state == "gate" and c.gate == name for c in script.connections), "gate " + name)


def command_at_gate(name):
    with changed:
        return {"count": sum(c.state == "gate" and c.gate == name for c in script.connections)}


def command_seen():
    poll(lambda: all(map(is_settled, script.connections)), "a connection to settle")
    return {"accepted": len(script.connections), "requests": script.requests,
            "connections": [connection.seen for connection in script.connections],
            "open": sum(connection.state != "ended" for connection in script.connections)}


def command_closed(count):
    """Waits until so many connections have ended."""
    with changed:
        until(lambda: sum(c.state == "ended" for c in script.connections) >= count, "the end of a connection")


def command_reset():
    global script
    with changed:
        accept_waiting()  # a connection that the spec before gave up at once takes no plan of the next one
        old, script = script, Script()
    for connection in old.connections:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        with changed:
            connection.passes.update(step[1] for step in connection.plan if step[0] == "gate")
            changed.notify_all()


def main():
    listener.setblocking(False)
    door = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], door.getsockname()[1], flush=True)
    door.settimeout(ORPHAN_SECONDS)
    control, _ = door.accept()
    control.settimeout(None)
    threading.Thread(target=serve_clients, daemon=True).start()
    lines = control.makefile("rw", encoding="utf-8", errors="surrogateescape")
    for line in lines:
        name, *arguments = json.loads(line)
        try:
            answer = {"result": globals()["command_" + name](*arguments) or {}}
        except Exception as problem:
            answer = {"problem": str(problem)}
        lines.write(json.dumps(answer) + "\n")
        lines.flush()


main()
