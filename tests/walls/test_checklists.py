"""Each example's README answers its seed row by row, and the keys and commands that it names are there."""

import functools
import json
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

from support.reconciler import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"
# Rows of each seed, numbered from 1. A README with a table of answers stands here.
ROWS = {
    "portfolio": 85,
    "portfolio-compose": 31,
    "epsm": 157,
}
# What an answer may name besides: keys of compose files.
OF_COMPOSE = {"args", "build", "command", "depends_on", "environment", "healthcheck", "image", "ports", "profiles", "volumes"}

FILES = (".yaml", ".yml", ".json", ".py", ".sh")


def answers(text):
    """The table's rows: numbers and answer; nothing where there is no such table."""
    table = text.partition("\n| # |")[2]
    rows = []
    for line in table.splitlines()[2:]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        numbers = []
        for one in cells[0].replace("*", "").split(","):
            first, _, last = one.strip().replace("–", "-").partition("-")
            numbers += range(int(first), int(last or first) + 1)
        rows.append((numbers, cells[2] if len(cells) == 3 else ""))
    return rows


@functools.lru_cache(None)
def completed(*words):
    """What Tab offers after these words."""
    done = subprocess.run([str(binary()), "complete", "--", *words], capture_output=True, text=True, check=True)
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


def shapes(schema):
    """Every map with named keys, at any depth of a schema."""
    if isinstance(schema, list):
        return [one for part in schema for one in shapes(part)]
    if not isinstance(schema, dict):
        return []
    found = [one for part in schema.values() for one in shapes(part)]
    return found + [schema] if isinstance(schema.get("properties"), dict) else found


@functools.lru_cache(None)
def schemas():
    return [json.loads((MANIFESTS / name).read_text()) for name in ("schema.json", "host-schema.json")]


@functools.lru_cache(None)
def all_shapes():
    return shapes(schemas())


def fits(value, schema):
    """Nothing after the colon, or a word for the name of a thing among others, says no more than the key."""
    return value is None or jsonschema.Draft202012Validator(schema).is_valid(value) or (
        isinstance(value, str) and "additionalProperties" in schema and "properties" not in schema)


def key_fault(named):
    """Is `key: value`, or `key.key`, what the schemas of manifest and host file know somewhere?"""
    if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", named) and not named.endswith(FILES):
        top, *rest = named.split(".")
        for schema in schemas():
            here = [schema["properties"][top]] if top in schema["properties"] else []
            for one in rest:
                here = [shape["properties"][one] for shape in shapes(here) if one in shape["properties"]]
            if here:
                return ""
        # `example.com` is no path of keys: it begins with none that has others below it.
        return f"there is no key {named}" if any(
            shapes(schema["properties"].get(top)) for schema in schemas()) else ""
    if not re.match(r"[a-z_]+:( |$)|\{ ", named):
        return ""
    try:
        value = yaml.safe_load(named)
    except yaml.YAMLError:
        return f"{named} cannot be read"
    if not isinstance(value, dict) or value.keys() <= OF_COMPOSE:
        return ""
    if any(value.keys() <= shape["properties"].keys() and all(fits(value[key], shape["properties"][key]) for key in value)
           for shape in all_shapes()):
        return ""
    return f"there is no key {named}"


def command_faults(named):
    words = named.removeprefix("reconciler ").split()
    while len(words) > 2 and words[0].startswith("--"):
        del words[:1 if "=" in words[0] else 2]
    verb = words[0]
    if verb not in completed(""):
        return [f"there is no verb {verb}"]
    # `driver list` has options of its own.
    there = completed(verb, "--") | (completed(*words[:2], "--") if len(words) > 1 else set())
    return [f"{verb} has no {one}" for one in options(words) if one not in there]


def options(words):
    return [word.split("=")[0] for word in words if word.startswith("--")]


def name_faults(text, *, ours):
    """`ours`: a verb without `reconciler` before it, and an option by itself, are the program's."""
    found = []
    for named in re.findall(r"`([^`\n]+)`", text):
        words = named.split()
        if words[0] == "reconciler" and len(words) > 1 or ours and words[0] in completed("") and options(words):
            found += command_faults(named)
        elif re.fullmatch(r"--[a-z-]+", named):
            if ours and not any(named in completed(verb, "--") for verb in completed("")):
                found.append(f"there is no {named}")
        elif fault := key_fault(named):
            found.append(fault)
    return found


def faults(text, last):
    """What is wrong with a README whose seed has that many rows, in words."""
    rows = answers(text)
    numbers = {number for row, _ in rows for number in row}
    found = [f"row {number} has no answer" for number in range(1, last + 1) if number not in numbers]
    found += [f"the seed has no row {number}" for number in sorted(numbers) if not 1 <= number <= last]
    found += [f"row {row[0]}: no answer, or not three cells" for row, answer in rows if not answer]
    found += [f"row {row[0]}: {fault}" for row, answer in rows for fault in name_faults(answer, ours=True)]
    # What stands around the table speaks of other programs, too.
    around = "\n".join(line for line in text.splitlines() if not re.match(r"\| \d", line))
    return found + name_faults(around, ours=False)


def tables():
    return {path.parent.name: path.read_text() for path in sorted(MANIFESTS.glob("*/README.md")) if answers(path.read_text())}


@pytest.mark.parametrize("example", ROWS)
def test_each_row_of_a_seed_is_answered_by_what_exists(example):
    assert faults((MANIFESTS / example / "README.md").read_text(), ROWS[example]) == []


def test_each_table_of_answers_is_held_against_its_seed():
    assert set(tables()) == set(ROWS)


SAMPLE = """\
# sample

`reconciler --repo /srv/deploy plan --explain` says why, as `reconciler driver list --failpoints` does; `doppler run --fallback` is not ours.

| # | the seed | here |
| --- | --- | --- |
| 1, 3–4 | builds, with `TAG` | `tags: commit`, `source.tags`, `keep: all`; `build:` of the compose file; `reconciler apply --until supply` |
| 2 * | asks people | they are asked: `apply --skip STEP`, `history --run N --log`, `--dry-run` of `init`, `providers: doppler` |
"""


def test_a_sample_is_well():
    assert faults(SAMPLE, 4) == []


@pytest.mark.parametrize("old, new, said", [
    ("1, 3–4", "1, 3", "row 4 has no answer"),
    ("1, 3–4", "1, 3–5", "the seed has no row 5"),
    ("| 2 * |", "| 2 * | |", "row 2: no answer, or not three cells"),
    ("`tags: commit`", "`tag_names: commit`", "row 1: there is no key tag_names: commit"),
    ("`tags: commit`", "`tags: commits`", "row 1: there is no key tags: commits"),
    ("`source.tags`", "`source.names`", "row 1: there is no key source.names"),
    ("`keep: all`", "`keep: { images: all }`", "row 1: there is no key keep: { images: all }"),
    ("`reconciler apply --until supply`", "`reconciler deploy`", "row 1: there is no verb deploy"),
    ("`reconciler apply --until supply`", "`reconciler apply --to supply`", "row 1: apply has no --to"),
    ("`apply --skip STEP`", "`apply --leave STEP`", "row 2: apply has no --leave"),
    ("plan --explain", "plan --why", "plan has no --why"),
    ("list --failpoints", "list --failures", "driver has no --failures"),
    ("`keep: all`", "`keep: all: none`", "row 1: keep: all: none cannot be read"),
    ("`--dry-run`", "`--pretend`", "row 2: there is no --pretend"),
])
def test_what_is_missing_is_seen(tmp_path, old, new, said):
    readme = tmp_path / "README.md"
    assert old in SAMPLE
    readme.write_text(SAMPLE.replace(old, new, 1))
    assert said in faults(readme.read_text(), 4), faults(readme.read_text(), 4)
