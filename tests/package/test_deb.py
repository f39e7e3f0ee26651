"""The Debian package, made of the build that is tested: what is in it, and with which modes."""

import re
import stat
import subprocess

import pytest

from support import ROOT
from support.engine import HANGS
from support.pairs import DEEP
from support.reconciler import binary


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What deploy/package said, and its last line: the package."""
    out = tmp_path_factory.mktemp("package")
    done = subprocess.run([str(ROOT / "deploy" / "package"), "--build", str(binary().parent.parent), "--version", "1.2.3~test", str(out)],
                          capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def deb(made):
    return made[1]


@pytest.fixture(scope="module")
def root(deb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "-R", deb, str(folder)], check=True)
    return folder


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], check=True, capture_output=True, text=True).stdout.strip()


def test_it_says_how_large_things_are(made):
    said, deb = made
    assert re.fullmatch(r"reconciler +[0-9.]+MiB\nreconciler-helper +[0-9.]+KiB\npackage +[0-9.]+[MK]iB\n" + re.escape(deb) + "\n", said)
    assert deb.endswith("/reconciler_1.2.3~test_amd64.deb") or not deb.endswith("_amd64.deb")


def test_its_control_file(deb):
    assert field(deb, "Version") == "1.2.3~test"
    depends = re.sub(r" \([^)]*\)", "", field(deb, "Depends")).split(", ")
    # The libraries that the programs are linked with, and nothing that only a build needs.
    assert {"libc6", "libgit2-1.5", "libcurl4", "libnettle8", "libstdc++6"} <= set(depends)
    assert not [one for one in depends if one.endswith("-dev") or one.startswith(("docker", "libboost"))], depends
    assert field(deb, "Recommends") == "docker.io (>= 20.10) | docker-ce, ca-certificates"


def test_what_is_in_it(deb):
    listed = subprocess.run(["dpkg-deb", "-c", deb], check=True, capture_output=True, text=True).stdout.splitlines()
    files = {line.split()[5][1:]: (line.split()[0], line.split()[1]) for line in listed}
    assert {owner for _, owner in files.values()} == {"root/root"}
    assert files["/var/lib/reconciler/"][0] == "drwx------", "the state folder is for root alone"
    assert files["/etc/reconciler/"][0] == "drwxr-xr-x"
    for path in ("/usr/bin/reconciler", "/usr/libexec/reconciler/reconciler-helper"):
        assert files.pop(path)[0] == "-rwxr-xr-x"
    plain = {path: mode for path, (mode, _) in files.items() if not path.endswith("/")}
    assert set(plain.values()) == {"-rw-r--r--"}, plain
    pages = [path for path in plain if path.startswith("/usr/share/man/man1/")]
    assert "/usr/share/man/man1/reconciler.1.gz" in pages and "/usr/share/man/man1/reconciler-apply.1.gz" in pages
    assert set(plain) - set(pages) == {
        "/usr/lib/systemd/system/reconciler.service",
        "/usr/share/bash-completion/completions/reconciler",
        "/usr/share/zsh/vendor-completions/_reconciler",
        "/usr/share/fish/vendor_completions.d/reconciler.fish",
        "/usr/share/doc/reconciler/copyright",
        "/usr/share/doc/reconciler/examples/host.yaml",
        "/usr/share/doc/reconciler/examples/reconciler.yaml",
    }


def test_the_programs_run_from_where_they_are_put_and_are_stripped(root):
    program, helper = root / "usr/bin/reconciler", root / "usr/libexec/reconciler/reconciler-helper"
    assert re.fullmatch(r"reconciler \S+\n", subprocess.run([str(program), "version"], check=True, capture_output=True, text=True).stdout)
    for one in (program, helper):
        said = subprocess.run(["readelf", "-S", str(one)], check=True, capture_output=True, text=True).stdout
        assert ".symtab" not in said and ".debug_info" not in said
    # It finds the helper in the libexec beside its own folder: asked for what cannot be fetched, the helper answers.
    done = subprocess.run([str(program), "--repo", str(root / "none"), "--state-dir", str(root / "state"), "plan"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "error git." in done.stderr, done.stderr


def test_the_example_host_file_has_every_key_of_this_version(root):
    assert (root / "usr/share/doc/reconciler/examples/host.yaml").read_text() == (ROOT / "manifests/host-reference.yaml").read_text()


def test_the_unit_names_the_program_and_waits_for_a_host_file(root):
    unit = (root / "usr/lib/systemd/system/reconciler.service").read_text()
    keys = dict(re.findall(r"^([A-Za-z]+)=(.*)$", unit, re.M))
    assert keys["ExecStart"] == "/usr/bin/reconciler run"
    assert keys["ConditionPathExists"] == "/etc/reconciler/host.yaml"
    assert keys["KillMode"] == "mixed" and keys["SuccessExitStatus"] == "143", "a stop is no failure, and cuts no child"
    assert keys["StateDirectory"] == "reconciler" and keys["StateDirectoryMode"] == "0700"
    assert "@" not in re.sub("@system-service", "", unit)


def test_maintainer_scripts(root):
    scripts = {one.name for one in (root / "DEBIAN").iterdir() if one.stat().st_mode & stat.S_IXUSR}
    assert scripts == {"postinst", "prerm", "postrm"}
    for one in scripts:
        subprocess.run(["sh", "-n", str(root / "DEBIAN" / one)], check=True)
        text = (root / "DEBIAN" / one).read_text()
        assert "rm -rf" not in text and "rm -r " not in text, "nothing that may hold data is removed"


@pytest.mark.skipif(not DEEP, reason="a second package only with RECONCILER_DEEP=1 (tests/run --deep)")
def test_the_same_build_gives_the_same_package(made, tmp_path):
    again = subprocess.run([str(ROOT / "deploy" / "package"), "--build", str(binary().parent.parent), "--version", "1.2.3~test", str(tmp_path)],
                           check=True, capture_output=True, text=True, timeout=HANGS).stdout.splitlines()[-1]
    assert open(again, "rb").read() == open(made[1], "rb").read()


def test_wrong_command_lines():
    for arguments in (["--frobnicate"], ["--build"], ["a", "b"], ["--version", "no version", "--build", str(binary().parent.parent)]):
        done = subprocess.run([str(ROOT / "deploy" / "package"), *arguments], capture_output=True, text=True)
        assert done.returncode == 64 and done.stderr, (arguments, done.stderr)
