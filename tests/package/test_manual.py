"""The man pages as man shows them: no warning of groff's, no line that is too long, each verb's examples in its page."""

import re
import subprocess
from pathlib import Path

import pytest

from support.reconciler import binary

ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "80", "MANROFFOPT": "", "HOME": "/nonexistent"}


def reconciler(*arguments):
    return subprocess.run([str(binary()), *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man")
    reconciler("manual", str(folder))
    return folder


def shown(page: Path):
    done = subprocess.run(["man", "--warnings=w", "-E", "UTF-8", "-l", str(page)], capture_output=True, text=True, env=ENV)
    assert done.returncode == 0 and not done.stderr, f"{page.name}: {done.stderr}"
    return done.stdout


def verbs():
    listed = re.findall(r"^  ([a-z]+)  ", reconciler("--help").split("Subcommands:")[1], re.M)
    assert len(listed) > 15, listed
    return listed


def test_a_page_for_each_verb_and_no_other(pages):
    assert {one.name for one in pages.iterdir()} == {"reconciler.1", *(f"reconciler-{verb}.1" for verb in verbs())}


def test_groff_has_nothing_against_them(pages):
    for page in sorted(pages.iterdir()):
        text = shown(page)
        # What cannot be broken may stand out: an example is one line.
        assert all(len(line) <= 80 or "reconciler" in line for line in text.splitlines()), text
        assert "\n\n\n" not in text, text


def test_a_page_says_what_help_says(pages):
    for verb in verbs():
        help_text, page = reconciler(verb, "--help"), shown(pages / f"reconciler-{verb}.1")
        flat = " ".join(page.split())
        examples = [" ".join(line.split()) for line in help_text.partition("Examples:\n")[2].splitlines() if line.strip()]
        assert len(examples) >= 2, f"{verb}: {help_text}"
        for example in examples:
            assert example in flat, f"{verb}: {example}\n{page}"
        for option in re.findall(r"^  .*?(--[a-z][a-z-]+)", help_text, re.M):
            if option not in ("--help", "--help-all"):
                assert option in page, f"{verb}: {option}\n{page}"
