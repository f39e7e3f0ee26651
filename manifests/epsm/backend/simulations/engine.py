"""As much of the Docker Engine's API as a simulation needs, over its socket, which only the worker has."""

import http.client
import json
import socket

SOCKET = "/var/run/docker.sock"


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def call(method, path, body=None, timeout=30):
    connection = Connection("engine", timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {said}")
    return said


def run(image, command, timeout):
    """What a container of that image prints. It has no network, and is gone afterwards."""
    made = {"Image": image, "Cmd": command, "Tty": True, "HostConfig": {"NetworkMode": "none"}}
    container = json.loads(call("POST", "/containers/create", made))["Id"]
    try:
        call("POST", f"/containers/{container}/start")
        code = json.loads(call("POST", f"/containers/{container}/wait", timeout=timeout))["StatusCode"]
        said = call("GET", f"/containers/{container}/logs?stdout=1&stderr=1")
    finally:
        call("DELETE", f"/containers/{container}?force=1")
    if code != 0:
        raise RuntimeError(f"{image} ended with {code}: {said}")
    return said.replace("\r\n", "\n")
