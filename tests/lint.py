"""Runs clang-tidy over the compile commands of a build folder, in parallel, and remembers what was clean."""
import concurrent.futures
import datetime
import hashlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

build = pathlib.Path(sys.argv[1])
# A configuration of its own, each file by itself without precompiled headers: one that forgets an include is found.
commands = build / "plain"
root = pathlib.Path.cwd()
memory = build / "tidy"
memory.mkdir(exist_ok=True)
# What takes longer than reading the file does; `--deep` has them too.
slow = ("clang-analyzer-*", "bugprone-reserved-identifier", "bugprone-use-after-move", "bugprone-stringview-nullptr",
        "bugprone-unused-return-value", "bugprone-undelegated-constructor", "bugprone-infinite-loop",
        "bugprone-suspicious-*", "bugprone-sizeof-*", "bugprone-multiple-statement-macro",
        "bugprone-assert-side-effect", "bugprone-unused-raii")
left_out = [] if "--deep" in sys.argv[2:] else ["--checks=" + ",".join("-" + one for one in slow)]
# Of `--some`: two cores read about fifteen files a minute; with the static analyzer, five.
most_late, parts = 24, (8 if "--deep" in sys.argv[2:] else 24)
config = (root / ".clang-tidy").read_bytes() + " ".join(left_out).encode()


def ours(path, seen):
    """The file and all headers of ours that it includes."""
    if path in seen or not path.exists():
        return seen
    seen.add(path)
    for header in re.findall(r'#include "([^"]+)"', path.read_text()):
        ours(root / header, seen)
    return seen


def key(path):
    digest = hashlib.sha256(config)
    for one in sorted(ours(path, set())):
        digest.update(one.read_bytes())
    return digest.hexdigest()


def check(path):
    mark = memory / key(path)
    if mark.exists():
        return ""
    done = subprocess.run(["clang-tidy-14", "-p", str(commands), "--quiet", *left_out, str(path)], capture_output=True, text=True)
    if done.returncode == 0:
        mark.touch()
        return ""
    return done.stdout


def some(files):
    """Of what was changed last, it or its header, and a part of the rest: each in its turn, another one each day. Of each
    commit in turn, the newest first: one that touched everything does not stand before all others."""
    done = subprocess.run(["git", "log", "-15", "--name-only", "--format=%x00"], capture_output=True, text=True)
    if done.returncode != 0:
        return files
    turn = datetime.date.today().toordinal()
    commits = [[root / pathlib.Path(name).with_suffix(".cpp") for name in one.split()] for one in done.stdout.split("\0")]
    changed = [[f for f in dict.fromkeys(one) if f in files] for one in commits]
    in_turn = [f for row in itertools.zip_longest(*(one[turn % len(one):] + one[:turn % len(one)] for one in changed if one))
               for f in row if f]
    late = list(dict.fromkeys(in_turn))[:most_late]
    return [f for n, f in enumerate(files) if f in late or (n + turn) % parts == 0]


subprocess.run(["cmake", "--preset", "dev", "-B", str(commands), "-DRECONCILER_WHOLE_FOLDERS=OFF"], check=True, stdout=subprocess.DEVNULL)
files = sorted({pathlib.Path(c["file"]) for c in json.loads((commands / "compile_commands.json").read_text())})
files = [f for f in files if f.is_relative_to(root) and f.relative_to(root).parts[0] in ("reconciler", "plugins")]
chosen = some(files) if "--some" in sys.argv[2:] else files
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    said = [out for out in pool.map(check, chosen) if out]
print("\n".join(said))
print(f"{len(chosen)} of {len(files)} files, {len(said)} with findings")
for path in [one.removeprefix("--junitxml=") for one in sys.argv[2:] if one.startswith("--junitxml=")]:
    case = xml.etree.ElementTree.Element("testcase", classname="tests", name="lint")
    if said:
        xml.etree.ElementTree.SubElement(case, "failure").text = "\n".join(said)
    xml.etree.ElementTree.ElementTree(case).write(path)
sys.exit(1 if said else 0)
