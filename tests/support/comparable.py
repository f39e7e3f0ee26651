"""What the Engine says of a project's things, less what is random: so that two ways to make them can be held side by side."""

import copy
import re
from typing import Any, Collection, Dict, List

from .stack import Stack

ASIDE = ("com.docker.compose.project.config_files", "com.docker.compose.project.environment_file",
         "com.docker.compose.replace")  # whom Compose itself replaced
# Compose makes such a container anew for each tree; ours stays where the mounted content is the same.
TREE_ASIDE = ("com.docker.compose.config-hash", "com.docker.compose.project.working_dir")
ANONYMOUS = re.compile("[0-9a-f]{64}")


def without(given: Dict[str, Any], *paths: str) -> None:
    for path in paths:
        *heads, last = path.split(".")
        at = given
        for head in heads:
            at = at.get(head) or {}
        at.pop(last, None)


def container(seen: Dict[str, Any], in_tree: bool) -> Dict[str, Any]:
    """Of one whose compose file mounts something of the tree (`in_tree`), source and mode of it are ours by design, and
    the hash that covers them."""
    said = copy.deepcopy(seen)
    short = said["Id"][:12]
    without(said, "Id", "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "GraphDriver.Data", "ExecIDs",
            "NetworkSettings.SandboxID", "NetworkSettings.SandboxKey",
            # Of the default bridge once more, beside Networks.
            *(f"NetworkSettings.{name}" for name in ("EndpointID", "IPAddress", "MacAddress")))
    said["State"] = {"Status": said["State"]["Status"], "Health": "Health" in said["State"]}
    if said["Config"]["Hostname"] == short:
        said["Config"]["Hostname"] = "random"
    aside = ASIDE + (TREE_ASIDE if in_tree else ())
    said["Config"]["Labels"] = {key: value for key, value in said["Config"]["Labels"].items()
                                if not key.startswith("reconciler.") and key not in aside}
    depends_on = "com.docker.compose.depends_on"  # in whatever order Go's map gave
    if depends_on in said["Config"]["Labels"]:
        said["Config"]["Labels"][depends_on] = ",".join(sorted(said["Config"]["Labels"][depends_on].split(",")))
    said["Config"]["Env"].sort()
    for network in said["NetworkSettings"]["Networks"].values():
        without(network, "NetworkID", "EndpointID", "MacAddress", *([] if network["IPAMConfig"] else ["IPAddress"]),
                "Gateway")
        # Since Engine 25 the names that are the Engine's own stand in DNSNames alone.
        for names in ("Aliases", "DNSNames"):
            if names in network:
                network[names] = sorted("short id" if name == short else name for name in network[names] or [])
        if network.get("Links"):
            network["Links"].sort()
    asked = said["HostConfig"]["PortBindings"] or {}
    for port, bindings in (said["NetworkSettings"]["Ports"] or {}).items():
        for binding in bindings or []:
            if all(one["HostPort"] in ("", "0") for one in asked.get(port) or []):
                binding["HostPort"] = "random"
    for mount in said["Mounts"]:
        if ANONYMOUS.fullmatch(mount.get("Name", "")):
            mount["Name"] = mount["Source"] = "random"
        if mount["Type"] == "bind":
            without(mount, "Source", "Mode", "RW")
    said["Mounts"].sort(key=lambda mount: mount["Destination"])
    host = said["HostConfig"]
    # Anonymous volumes are carried over by name.
    binds = [re.sub(r"^[0-9a-f]{64}:", "random:", bind) for bind in host["Binds"] or []]
    host["Binds"] = sorted(f"tree:{bind.split(':')[1]}" if bind.startswith("/") and in_tree else bind for bind in binds)
    host["Mounts"] = sorted(host.get("Mounts") or [], key=lambda mount: mount["Target"])
    for mount in host["Mounts"]:
        if ANONYMOUS.fullmatch(mount.get("Source", "")):
            mount["Source"] = "random"
        if not mount.get("VolumeOptions"):
            mount.pop("VolumeOptions", None)
        if mount["Type"] == "bind" and in_tree:
            without(mount, "Source", "ReadOnly", "BindOptions")
    host["Ulimits"] = sorted(host["Ulimits"] or [], key=lambda limit: limit["Name"])
    return said


def _ours_aside(labels: Dict[str, str]) -> Dict[str, str]:
    return {key: value for key, value in labels.items() if not key.startswith("reconciler.")}


def _names(text: str, names: Dict[str, str]) -> str:
    for container_id, name in names.items():
        text = text.replace(container_id, name)
    return text


def _references(said: Dict[str, Any], names: Dict[str, str]) -> None:
    """Other containers by name; a hash that holds their ids is as random as they are."""
    host = said["HostConfig"]
    for mode in ("NetworkMode", "PidMode", "IpcMode"):
        host[mode] = _names(host[mode], names)
    host["VolumesFrom"] = [_names(one, names) for one in host["VolumesFrom"] or []]
    if host["VolumesFrom"] or any(host[mode].startswith("container:") for mode in ("NetworkMode", "PidMode", "IpcMode")):
        said["Config"]["Labels"].pop("com.docker.compose.config-hash", None)


def things(stack: Stack, in_tree: Collection[str], addressed: str = "") -> Dict[str, Any]:
    """Containers, networks and volumes of the project; `addressed` is the network whose addresses are asked for."""
    names = {one["Id"]: one["Names"][0].lstrip("/") for one in stack.containers()}
    found = {}
    for one in stack.containers():
        name, service = names[one["Id"]], one["Labels"]["com.docker.compose.service"]
        key = service if name == f"{stack.project}-{service}-1" else name
        found[key] = container(stack.engine.inspect(one["Id"]), service in in_tree)
        _references(found[key], names)
    for network in stack.engine.api("GET", "/networks"):
        if network["Name"].startswith(f"{stack.project}_"):
            full = stack.engine.api("GET", f"/networks/{network['Id']}")
            without(full, "Id", "Created", "Containers", *([] if full["Name"] == addressed else ["IPAM"]))
            found[full["Name"]] = {**full, "Labels": _ours_aside(full["Labels"])}
    for volume in stack.engine.api("GET", "/volumes")["Volumes"]:
        if volume["Name"].startswith(f"{stack.project}_"):
            without(volume, "CreatedAt")
            found[volume["Name"]] = {**volume, "Labels": _ours_aside(volume["Labels"])}
    return found


def differences(ours: Any, theirs: Any, path: str = "") -> List[str]:
    """Each field in which they differ, in words."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [one for key in sorted({*ours, *theirs})
                for one in differences(ours.get(key, "absent"), theirs.get(key, "absent"), f"{path}.{key}")]
    return [] if ours == theirs else [f"{path}: ours {ours!r}, Compose's {theirs!r}"]
