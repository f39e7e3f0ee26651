"""Versions of one application, some of which do not become well: what tests of the way back deploy."""

from .images import BUSYBOX
from .stack import SLEEPS, Stack, manifest, services

WELL = "init: true, command: [sleep, '100000']"
UNWELL = "init: true, command: [sh, -c, 'exit 7']"
WEB = "web: {{ image: " + BUSYBOX + ", {how}, environment: {{ VERSION: {version} }}, volumes: ['/data'] }}"
VERIFY = "verify: {{ stable: {stable}, timeout: {timeout} }}"
RELEASE = "release: {{ image: " + BUSYBOX + ", profiles: [tasks], command: [sh, -c, 'echo done; exit {code}'] }}"


def version(tag: str, how: str = WELL, *more: str, release: bool = False, sections: str = "", code: int = 0,
            timeout: str = "3s") -> dict:
    """The application's files as of one version. That one ends at once is seen when the Engine has noticed it."""
    stable = "20s" if "exit 7" in how else "1s"
    lines = [WEB.format(how=how, version=tag), f"db: {{ {SLEEPS} }}", *more]
    steps = ["release: [{ run: release }]"] if release else []
    return {"compose.yaml": services("\n".join([*lines, *([RELEASE.format(code=code)] if release else [])])),
            "reconciler.yaml": manifest(tag, VERIFY.format(stable=stable, timeout=timeout), *steps, *([sections] if sections else []))}


def begin(stack: Stack) -> Stack:
    """With v1.0.0 recorded, and data in it."""
    stack.commit(version("v1.0.0"))
    stack.apply()
    stack.sh("echo rows >/data/rows")
    return stack


def is_back(stack: Stack, before: dict, reason: str = "VerifyFailed", tag: str = "v1.0.0") -> None:
    """The very containers that ran before, nothing beside them, and the state files untouched."""
    assert stack.ids() == before
    is_well(stack, sorted(before), reason, tag)


def is_well(stack: Stack, names: list, reason: str = "VerifyFailed", tag: str = "v1.0.0") -> None:
    """The last good version runs, whoever made its containers when."""
    assert stack.names() == [f"web-{service}-1" for service in names]
    assert stack.condition() == f"RolledBack/{reason}"
    assert stack.state_file("current_tag") == tag
    assert stack.inspect()["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    assert stack.sh("cat /data/rows") == "rows\n"
    stack.assert_second_plan_empty()


def fails(stack: Stack, files: dict, code: str = "verify.failed"):
    """That version does not become well, whatever is tried to save it."""
    stack.commit(files)
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1, done.out + done.err
    assert stack.error(done) == code, done.err
    return done


def killed(stack: Stack, files: dict, point: str) -> None:
    """That version is deployed, and the program dies there: NAME, or NAME@N for the n-th time that it passes."""
    stack.commit(files)
    name, _, nth = point.partition("@")
    effect = f"kill@{nth}" if nth else "kill"
    done = stack.run("apply", stack.environment, "--yes", env={"RECONCILER_FAILPOINTS": f"{name}:{effect}"})
    assert done.code == -9, f"it did not come to {point}: exit {done.code}\n{done.out}{done.err}"
