"""reconciler-helper against real servers: a private sshd, and git's own http-backend behind TLS."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.engine import HANGS, wait_for  # noqa: E402
from support.reconciler import binary  # noqa: E402
from support.repository import Repository  # noqa: E402

SECRET = "hunter2"


def ask(verb, timeout=HANGS, **request):
    """The result, or the error; whichever it is must not hold the secret."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run([str(binary().parent / "reconciler-helper"), verb], input=json.dumps(request),
                          capture_output=True, text=True, timeout=timeout, env=environment)
    assert SECRET not in done.stdout + done.stderr
    answer = json.loads(done.stdout)
    return answer.get("result") or answer["error"]


def keygen(path, kind="ed25519", *more):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path), *more], check=True)
    return Path(f"{path}.pub").read_text().split()[:2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def bare(tmp_path):
    work = Repository(tmp_path / "work")
    work.commit("First", {"portfolio/reconciler.yaml": "name: portfolio\n"})
    work.tag("v1")
    work.commit("Second", {"portfolio/environments/production.yaml": "tag: v1\n"})
    subprocess.run(["git", "clone", "-q", "--bare", str(work.path), str(tmp_path / "deploy.git")], check=True)
    return tmp_path / "deploy.git", work


class Sshd:
    """A server of our own with keys of three kinds, as an ordinary one has."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.keys = {kind: keygen(folder / f"host_{kind}", kind) for kind in ("ed25519", "ecdsa", "rsa")}
        self.client = keygen(folder / "client")
        (folder / "authorized").write_text(" ".join(self.client) + "\n")
        lines = [f"ListenAddress 127.0.0.1:{self.port}", "UsePAM no", "StrictModes no", "PermitRootLogin yes",
                 f"AuthorizedKeysFile {folder}/authorized", "PasswordAuthentication no",
                 f"PidFile {folder}/sshd.pid", *(f"HostKey {folder}/host_{kind}" for kind in self.keys)]
        (folder / "sshd.conf").write_text("\n".join(lines) + "\n")
        os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf")],
                                        stderr=(folder / "sshd.log").open("w"))
        wait_for(lambda: self.process.poll() is not None or self.answers(), "sshd to listen")
        if self.process.poll() is not None:
            raise RuntimeError((folder / "sshd.log").read_text())

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def known_hosts(self, *kinds, key=None, hashed=False):
        path = self.folder / "known_hosts"
        keys = [key] if key else [self.keys[kind] for kind in kinds]
        path.write_text("".join(f"[127.0.0.1]:{self.port} {' '.join(one)}\n" for one in keys))
        if hashed:
            subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
            assert path.read_text().startswith("|1|")
        return str(path)

    def fetch(self, repository, known_hosts, key=None):
        return ask("fetch", url=f"ssh://root@127.0.0.1:{self.port}{repository}", mirror=str(self.folder / "mirror.git"),
                   known_hosts=known_hosts, ssh_key=str(key or self.folder / "client"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def sshd(tmp_path):
    server = Sshd(tmp_path)
    yield server
    server.stop()


@pytest.mark.parametrize("kinds", [("ed25519",), ("ecdsa",), ("ecdsa", "ed25519", "rsa")])
def test_ssh_fetches_with_whichever_kind_of_host_key_is_pinned(bare, sshd, kinds):
    path, work = bare
    got = sshd.fetch(path, sshd.known_hosts(*kinds))
    assert got.get("commit") == work.head, got
    assert got["subject"] == "Second" and got["branch"] == "main"
    assert set(got["refs"]) == {"refs/heads/main", "refs/tags/v1"}
    assert not list(sshd.folder.glob("mirror.git.*"))


def test_ssh_by_a_kind_of_host_key_that_is_not_understood(bare, sshd):
    got = sshd.fetch(bare[0], sshd.known_hosts("rsa"))
    assert got["code"] == "git.unreachable", got
    assert got["hint"] == (f"if this lasts: RSA host keys are not understood here, so pin another: "
                           f"ssh-keyscan -t ed25519 -p {sshd.port} 127.0.0.1 >> {sshd.folder}/known_hosts")


def test_ssh_reads_hashed_known_hosts(bare, sshd):
    path, work = bare
    assert sshd.fetch(path, sshd.known_hosts("ed25519", hashed=True)).get("commit") == work.head


def test_ssh_host_key_changed(bare, sshd):
    other = keygen(sshd.folder / "other")
    got = sshd.fetch(bare[0], sshd.known_hosts(key=other))
    assert got["code"] == "git.host_key" and not got.get("transient"), got
    assert got["message"] == (f"[127.0.0.1]:{sshd.port} shows another key than the one in "
                              f"{sshd.folder}/known_hosts")
    assert got["hint"] == "someone may be in between: ask the server's owner before changing it"
    assert "Accepted publickey" not in (sshd.folder / "sshd.log").read_text()


def test_ssh_host_that_nobody_pinned(bare, sshd):
    (sshd.folder / "empty").write_text("")
    got = sshd.fetch(bare[0], str(sshd.folder / "empty"))
    assert got["message"] == f"[127.0.0.1]:{sshd.port} is not in {sshd.folder}/empty", got
    got = sshd.fetch(bare[0], str(sshd.folder / "absent"))
    assert got["message"] == f"the known_hosts file {sshd.folder}/absent cannot be read", got
    got = sshd.fetch(bare[0], "")
    assert got["code"] == "git.host_key" and got["message"].startswith("no known_hosts is named for "), got


def test_ssh_key_that_is_not_let_in(bare, sshd):
    keygen(sshd.folder / "stranger")
    got = sshd.fetch(bare[0], sshd.known_hosts("ed25519"), key=sshd.folder / "stranger")
    assert got["code"] == "git.auth" and not got.get("transient"), got
    assert got["message"] == f"ssh://root@127.0.0.1:{sshd.port}{bare[0]} does not let this host in"
    got = sshd.fetch(bare[0], sshd.known_hosts("ed25519"), key=sshd.folder / "absent")
    assert got["message"] == f"the ssh_key {sshd.folder}/absent cannot be read", got


def test_ssh_repository_that_is_not_there(bare, sshd):
    got = sshd.fetch(str(bare[0]) + "-not", sshd.known_hosts("ed25519"))
    assert got["code"] == "git.unreachable" and got["transient"], got


class Forge(BaseHTTPRequestHandler):
    """git http-backend as CGI; /locked wants a password, /moved redirects, the rest is for probes."""
    protocol_version = "HTTP/1.1"
    root = ""

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        content = self.body()
        if path.startswith("/locked"):
            return self.answer(401, WWW_Authenticate='Basic realm="x"')
        if path.startswith("/away"):
            port = self.server.server_port
            return self.answer(302, Location=f"http://localhost:{port}/deploy.git" + path[len("/away"):] + "?" + query)
        if path.startswith("/moved"):
            return self.answer(302, Location="/deploy.git" + path[len("/moved"):] + "?" + query)
        if path == "/large":
            return self.answer(200, b"x" * (1 << 20))
        if path == "/slow":
            time.sleep(30)
            return self.answer(200)
        if path == "/bytes":
            return self.answer(503, b"not \xff well")
        environment = {"PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "GIT_CONFIG_COUNT": "1",
                       "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                       "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(content)),
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        done = subprocess.run(["git", "http-backend"], input=content, capture_output=True, env=environment)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        self.answer(status, content, **headers)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def forge(tmp_path, bare):
    certificate, key = tmp_path / "ca.pem", tmp_path / "ca.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    servers = []
    for tls in (True, False):
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Forge,), {"root": str(tmp_path)}))
        server.daemon_threads = True
        if tls:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)

    class Served:
        https = f"https://localhost:{servers[0].server_port}"
        http = f"http://127.0.0.1:{servers[1].server_port}"
        ca_file = str(certificate)

        @staticmethod
        def fetch(url, **more):
            return ask("fetch", url=url, mirror=str(tmp_path / "mirror.git"), **more)

    yield Served
    for server in servers:
        server.shutdown()
        server.server_close()


def test_https_fetches_by_an_authority_of_ones_own(bare, forge):
    got = forge.fetch(f"{forge.https}/deploy.git", ca_file=forge.ca_file)
    assert got.get("commit") == bare[1].head, got
    again = forge.fetch(f"{forge.https}/deploy.git", ca_file=forge.ca_file)
    assert got["changed"] and not again["changed"]


def test_https_by_an_unknown_authority(forge):
    got = forge.fetch(f"{forge.https}/deploy.git")
    assert got["code"] == "git.certificate" and not got.get("transient"), got
    assert got["message"] == ("localhost shows a certificate that no known authority has signed for this name and "
                              "time")


def test_https_that_wants_a_password(forge):
    got = forge.fetch(f"{forge.https}/locked/deploy.git", ca_file=forge.ca_file)
    assert got["code"] == "git.auth", got
    assert got["hint"] == "over https only public repositories are read: use ssh and a key"


def test_redirects_are_followed_on_the_same_host_alone(bare, forge):
    assert forge.fetch(f"{forge.http}/moved").get("commit") == bare[1].head
    got = forge.fetch(f"{forge.http}/away")
    assert got["code"] == "git.unreachable", got
    assert "cannot redirect" in got["facts"][0]["text"], got


def test_http_to_this_machine_and_nothing_there(bare, forge):
    assert forge.fetch(f"{forge.http}/deploy.git").get("commit") == bare[1].head
    got = forge.fetch(f"{forge.http}/nothing.git")
    assert got["code"] == "git.unreachable" and got["transient"], got


def test_a_fetch_that_is_too_large_leaves_the_mirror_as_it_was(bare, forge, tmp_path):
    path, work = bare
    forge.fetch(f"{forge.http}/deploy.git")
    work.write({"large": os.urandom(1 << 20)})
    work.commit("Large")
    work.git("push", "-q", str(path), "main")
    got = forge.fetch(f"{forge.http}/deploy.git", most_bytes=100_000)
    assert got["code"] == "git.too_large", got
    refs = subprocess.run(["git", "-C", str(tmp_path / "mirror.git"), "rev-parse", "main"], capture_output=True, text=True)
    assert refs.stdout.strip() == work.git("rev-parse", "HEAD^")
    assert forge.fetch(f"{forge.http}/deploy.git").get("commit") == work.head


def test_a_fetch_that_is_killed_leaves_nothing_behind(bare, forge, tmp_path):
    forge.fetch(f"{forge.http}/deploy.git")
    (tmp_path / "mirror.git/objects/pack/pack_git2_abc").write_text("half")
    shutil.copytree(tmp_path / "mirror.git", tmp_path / "mirror.git.new")
    assert forge.fetch(f"{forge.http}/deploy.git").get("commit") == bare[1].head
    assert not (tmp_path / "mirror.git/objects/pack/pack_git2_abc").exists()


def test_probe(forge):
    got = ask("probe", url=f"{forge.http}/large", timeout_ms=5000, max_body=1000)
    assert (got["status"], len(got["body"]), got["cut"]) == (200, 1000, True)
    got = ask("probe", url=f"{forge.http}/bytes")
    assert (got["status"], got["body"], got["cut"]) == (503, "not ? well", False)
    assert ask("probe", url=f"{forge.http}/moved")["status"] == 302
    begun = time.monotonic()
    got = ask("probe", url=f"{forge.http}/slow", timeout_ms=300)
    assert got["code"] == "health.unreachable" and got["transient"] and time.monotonic() - begun < 25, got
    got = ask("probe", url=f"{forge.https}/bytes")
    assert got["code"] == "health.unreachable", got
    assert ask("probe", url=f"{forge.https}/bytes", ca_file=forge.ca_file)["status"] == 503
    got = ask("probe", url=f"http://anna:{SECRET}@127.0.0.1/")
    assert got["code"] == "health.url_denied", got
