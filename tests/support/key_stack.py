"""The services of `key_rows` as one stack: rows that do not clash share a container, so that there are few."""

import re
from collections import defaultdict
from typing import Any, Collection, Dict, List, Mapping, Sequence, Set

import yaml

from .images import BUSYBOX
from .key_rows import Row
from .stack import manifest

PARTS = {"image": BUSYBOX, "init": "true", "command": "[sleep, '100000']"}
# Of each of these one container has one: Compose, or the Engine, takes no two of them, or the one hides the other.
CLASHES = ({"networks", "links", "mac_address", "ports", "expose", "domainname", "hostname", "uts"},
           {"cpus", "cpu_quota", "cpu_period", "mem_limit", "mem_reservation", "pids_limit", "restart", "deploy"},
           {"read_only", "configs", "secrets"}, {"command", "entrypoint"}, {"image", "platform"}, {"environment",
                                                                                                   "env_file"},
           {"labels", "label_file"}, {"cpu_rt_period", "cpu_rt_runtime"}, {"cpu_count", "cpu_percent"})
BESIDE = f"""
  other: {{ image: {BUSYBOX}, init: true, command: [sleep, '100000'], networks: [default, shared],
            healthcheck: {{ test: 'true', interval: 2s }} }}
  lender: {{ image: {BUSYBOX}, init: true, command: [sleep, '100000'], ipc: shareable, volumes: [/lent] }}
"""
FILES = {
    "one": "one\n", "two": "two\n", "one.env": "FROM_FILE=one\n", "two.env": "FROM_FILE=two\n",
    "vars.env": "ONE=one\nTWO=two\n",
    "base.yaml": "services: { one: { environment: { EXTENDED: one } }, two: { environment: { EXTENDED: two } } }\n",
    **{f"included-{one}.yaml": f"services: {{ included: {{ image: '{BUSYBOX}', init: true, command: [sleep, '100000'], "
                               f"environment: {{ INCLUDED: {one} }} }} }}\n" for one in ("one", "two")},
    **{f"{folder}/{name}": f"FROM {BUSYBOX} AS first\nARG A\nENV A=$A\nFROM first AS second\nFROM first\n"
       for folder in ("context", "other") for name in ("Dockerfile", "Other")},
    "other/more": "more\n",
    "reconciler.yaml": manifest("v1.0.0", "variables: { env_file: vars.env }", "compose: { profiles: [active] }"),
}


def name_of(row: Row) -> str:
    return re.sub("[^a-z0-9]+", "-", row.key.lower()).strip("-") or "merged"


def keys_of(row: Row) -> Set[str]:
    """Keys of the service that the row has, in either form, with those that they clash with."""
    own = {key for text in (row.before, row.after) if not text.startswith("<<")
           for key in yaml.safe_load(f"{{ {text} }}".replace("<me>", "me"))}
    return own.union(*(clash for clash in CLASHES if clash & own))


def placed(rows: Sequence[Row]) -> Dict[str, List[Row]]:
    """Each row's service: the first that has none of its keys yet."""
    services: Dict[str, List[Row]] = {}
    taken: Dict[str, Set[str]] = defaultdict(set)
    for row in rows:
        own = keys_of(row)
        if row.service or row.alone or row.slot:
            name = row.service or row.slot.replace("_", "-") or name_of(row)
        else:
            name = next(one for one in (f"service{n}" for n in range(len(rows))) if not own & taken[one])
            taken[name] |= own
        services.setdefault(name, []).append(row)
    return services


class KeyStack:
    """The compose file with all rows in their first form, and with some of them changed."""

    def __init__(self, rows: Sequence[Row], project: str, host: str):
        self.project, self.host = project, host
        self.services = placed(rows)
        self.rows = rows
        self.service_of = {row.key: service for service, rows in self.services.items() for row in rows}

    def fill(self, text: str, row: Row) -> str:
        for word, value in (("me", name_of(row)), ("project", self.project), ("host", self.host),
                            ("service", self.service_of[row.key])):
            text = text.replace(f"<{word}>", value)
        return text

    def _service(self, name: str, rows: Sequence[Row], changed: Collection[str]) -> str:
        texts = {}  # one of each slot
        for row in rows:
            if row.key in changed or (row.slot or row.key) not in texts:
                texts[row.slot or row.key] = self.fill(row.after if row.key in changed else row.before, row)
        given = ", ".join(text for text in texts.values() if text)
        parts = [f"{key}: {value}" for key, value in PARTS.items() if not re.search(rf"(?:^|, ){key}:", given)]
        return f"  {name}: {{ {', '.join([*parts, *([given] if given else [])])} }}"

    def compose(self, changed: Collection[str] = ()) -> str:
        lines = ["x-one: &one { environment: { MERGED: one } }", "x-two: &two { environment: { MERGED: two } }",
                 "services:" + BESIDE.rstrip()]
        lines += [self._service(name, rows, changed) for name, rows in self.services.items() if not rows[0].service]
        sections: Dict[str, List[str]] = {"networks": ["shared: {}"]}
        for row in self.rows:
            text = row.beside_after if row.key in changed and row.beside_after else row.beside
            if text:
                section, _, content = self.fill(text, row).partition(": ")
                sections.setdefault(section, []).append(content[1:-1].strip() if content.startswith("{") else content)
        for section, contents in sections.items():
            alone = section in ("include", "name", "version")
            lines.append(f"{section}: {contents[0]}" if alone else f"{section}: {{ {', '.join(contents)} }}")
        return "\n".join([*lines, ""])

    def applied(self) -> Set[str]:
        """Rows that can be changed at once, less those that stay as they are: Compose counts keys that we know to change
        nothing, and would make anew what has only such."""
        rows = [row for row in self.rows if not row.refused and not row.stays]
        changing = {self.service_of[row.key] for row in rows if row.says or row.more}
        return {row.key for row in rows if row.says or row.more or row.thing_says or
                (self.service_of[row.key] in changing and not row.beside_after)}

    def says(self, row: Row) -> Dict[str, List[str]]:
        """What a plan names when that row alone is changed."""
        found = {self.service_of[row.key]: [self.fill(one, row) for one in row.says],
                 self.fill(row.thing, row): [self.fill(one, row) for one in row.thing_says]}
        return {title: sorted(fields) for title, fields in found.items() if fields}


def policy(project: str, host: str) -> Mapping[str, Any]:
    environment = f"{project}/production"
    return {"policy": {"binds": [host], "allow": {
        "external": ["elsewhere"], "privileged": [environment], "host_network": [environment],
        "capabilities": {environment: ["NET_ADMIN"]},
        "devices": {environment: ["/dev/null", "/dev/vda", "c 1:3 mr"]}}}}
