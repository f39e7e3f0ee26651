"""A registry on loopback that serves what it was given: pulls are real, and nothing leaves the machine."""

import gzip
import hashlib
import json
import tarfile
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Dict, List, Tuple

from .engine import Engine

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry:
    """Speaks as much of the distribution protocol as a pull asks for."""

    def __init__(self):
        self._objects: Dict[str, Tuple[str, bytes]] = {}  # path -> media type, content
        self.pulled: List[str] = []  # paths of the manifests that were asked for
        self.answers = threading.Event()  # while it is not set, who asks for a manifest waits
        self.answers.set()
        self.waiting: List[str] = []  # who does
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                kind, content = registry._objects.get(self.path, ("", b""))
                if self.path == "/v2/":
                    kind = "application/json"
                if "/manifests/" in self.path and not registry.answers.is_set():
                    registry.waiting.append(self.path)
                    registry.answers.wait()
                if "/manifests/" in self.path and kind:
                    registry.pulled.append(self.path)
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Docker-Content-Digest", digest(content))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            do_GET = do_HEAD = answer

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()

    def publish(self, engine: Engine, image: str, name: str, *platforms: str) -> str:
        """An image of the Engine's under `name` (`app:1`): the same files for each platform, as if built for it. Gives the
        reference that it is pulled by."""
        repository, _, tag = name.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            engine.docker("save", "-o", f"{folder}/image.tar", image)
            with tarfile.open(f"{folder}/image.tar") as saved:
                index = json.load(saved.extractfile("manifest.json"))[0]
                config = json.load(saved.extractfile(index["Config"]))
                layers = [gzip.compress(saved.extractfile(one).read(), mtime=0) for one in index["Layers"]]
        for layer in layers:
            self._keep(repository, "blobs", LAYER, layer)
        manifests = []
        for platform in platforms or (f"linux/{config['architecture']}",):
            system, architecture = platform.split("/")[:2]
            own = json.dumps({**config, "os": system, "architecture": architecture}).encode()
            self._keep(repository, "blobs", CONFIG, own)
            manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, own),
                                   "layers": [described(LAYER, one) for one in layers]}).encode()
            self._keep(repository, "manifests", MANIFEST, manifest)
            manifests.append({**described(MANIFEST, manifest),
                              "platform": {"os": system, "architecture": architecture}})
        whole = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": manifests}).encode()
        self._keep(repository, "manifests", LIST, whole)
        self._objects[f"/v2/{repository}/manifests/{tag}"] = LIST, whole
        return f"{self.host}/{name}"

    def digest(self, reference: str) -> str:
        """`host/app:1@sha256:...` of `host/app:1`, as it is now."""
        name = reference.partition("@")[0]
        repository, _, tag = name.removeprefix(self.host + "/").rpartition(":")
        return f"{name}@{digest(self._objects[f'/v2/{repository}/manifests/{tag}'][1])}"

    def _keep(self, repository: str, kind: str, media_type: str, content: bytes) -> None:
        self._objects[f"/v2/{repository}/{kind}/{digest(content)}"] = media_type, content


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def described(media_type: str, content: bytes) -> dict:
    return {"mediaType": media_type, "size": len(content), "digest": digest(content)}
