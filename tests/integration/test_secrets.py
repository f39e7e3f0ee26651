"""A canary in an env file: used by containers, shown nowhere. Outputs, the state folder and arguments are looked at for every
stack of every test (support/canary.py); here are the ways in which a value could get out.
"""

import signal

import pytest

from support.canary import CANARY, assert_folder_silent
from support.engine import wait_for
from support.images import BUSYBOX
from support.stack import SLEEPS, manifest, named, services

WEB = f"web: {{ {SLEEPS}, environment: {{ PASSWORD: '${{PASSWORD}}' }} }}"
RELEASE = f"""
release:
  {{ image: {BUSYBOX}, init: true, profiles: [release], environment: {{ PASSWORD: '${{PASSWORD}}' }},
     command: [sh, -c, 'echo the password is $$PASSWORD; %s'] }}
"""
VARIABLES = "variables: { env_file: .env.production }"


@pytest.fixture
def secret(stack, folder):
    file = folder / "secret.env"
    file.write_text(f"PASSWORD={CANARY}\n")
    file.chmod(0o600)
    stack.use_host({"environments": {stack.environment: {"files": {".env.production": str(file)}}}})
    yield stack
    assert_folder_silent(stack.state)


def deploy(stack, tag, compose, *more):
    stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(tag, VARIABLES, *more)})


def logged(stack):
    return stack.run("history", stack.environment, "--log").ok().out


def test_used_by_the_container_and_shown_nowhere(secret):
    deploy(secret, "v1.0.0", services(WEB))
    for verb in (["plan"], ["plan", "--explain"], ["plan", "--json"], ["apply", "--yes"], ["status"], ["status", "--json"],
                 ["history"], ["history", "--json"], ["show"], ["show", "--json"], ["variables"], ["variables", "--json"],
                 ["variables", "--reveal"], ["verify"], ["plan", "--commands"], ["diff", secret.environment]):
        secret.run(verb[0], secret.environment, *verb[1:])
    assert f"PASSWORD={CANARY}" in secret.inspect()["Config"]["Env"]


def test_rotation_names_the_variable_alone(secret, folder):
    deploy(secret, "v1.0.0", services(WEB))
    secret.apply()
    (folder / "secret.env").write_text(f"PASSWORD={CANARY}-rotated\n")
    assert named(secret.plan_json()) == {"web": ["environment PASSWORD"]}
    plan = secret.run("plan", secret.environment, "--explain").ok().out
    assert "environment PASSWORD changed" in plan, plan
    secret.apply()
    assert f"PASSWORD={CANARY}-rotated" in secret.inspect()["Config"]["Env"]


def test_what_runs_with_the_value_from_before_a_rotation_tells_it_nowhere(secret, folder):
    """Whoever is asked in a container that runs tells what that one was made with."""
    says = "{ exec: web, command: [sh, -c, 'echo of old $PASSWORD; test ! -e /tmp/unwell'] }"
    deploy(secret, "v1.0.0", services(WEB), f"verify: {{ stable: 1s, checks: [{says}] }}")
    secret.apply()
    (folder / "secret.env").write_text("PASSWORD=quite-another-one\n")
    secret.sh("touch /tmp/unwell")
    done = secret.run("verify", secret.environment)
    assert done.code == 1 and "of old ‹PASSWORD›" in done.out, done.out + done.err
    deploy(secret, "v1.1.0", services(WEB), f"preflight: [{says}]")
    done = secret.run("apply", secret.environment, "--yes")
    assert done.code == 1 and "of old ‹PASSWORD›" in done.out, done.out + done.err
    assert "of old ‹PASSWORD›" in logged(secret)


def test_release_that_prints_it(secret):
    deploy(secret, "v1.0.0", services(WEB + RELEASE % "exit 3"), "release: [{ run: release }]")
    done = secret.run("apply", secret.environment, "--yes")
    assert done.code == 1 and "the password is ‹PASSWORD›" in done.out, done.out + done.err
    assert "the password is ‹PASSWORD›" in logged(secret)


@pytest.mark.parametrize("where", ["release", "build", "logs"])
def test_long_line_that_is_cut_in_the_middle_of_it(secret, folder, where):
    """What is shown of a long line ends somewhere: not with the beginning of a value."""
    (folder / "secret.env").write_text(f"PASSWORD={CANARY}-{'x' * 100}\n")
    long = "x" * (500 - len(CANARY) - 30) + " $$PASSWORD"
    web, work = WEB, "true"
    if where == "release":
        work = f"echo {long}; exit 3"
    if where == "logs":
        web = WEB.replace("[sleep, '100000']", f"[sh, -c, 'echo {long}; exit 1']")
    if where == "build":
        web = "web: { build: { context: ., args: { PASSWORD: '${PASSWORD}' } }, image: 'built:${TAG}' }"
        secret.commit({"Dockerfile": f"FROM {BUSYBOX}\nARG PASSWORD\nRUN echo {long.replace('$$', '$')}; false\n"})
    deploy(secret, "v1.0.0", services(web + RELEASE % work), "release: [{ run: release }]", "verify: { stable: 20s, timeout: 20s }")
    done = secret.run("apply", secret.environment, "--yes")
    assert done.code == 1, done.out + done.err
    assert CANARY[:10] not in done.out + done.err + logged(secret)


def test_release_that_prints_it_while_nobody_listens(secret):
    deploy(secret, "v1.0.0", services(WEB + RELEASE % "until test -e /ends; do sleep 0.1; done; echo again $$PASSWORD"), "release: [{ run: release }]")
    program = secret.program.start("apply", secret.environment, "--yes")
    wait_for(lambda: secret.one_offs(running=True), "the release to run")
    program.send_signal(signal.SIGKILL)
    program.communicate()
    secret.engine.docker("exec", *secret.one_offs(running=True), "touch", "/ends")
    secret.run("apply", secret.environment, "--yes").ok()
    cut_off = secret.run("history", secret.environment, "--run", "1", "--log").ok().out
    assert "again ‹PASSWORD›" in cut_off, cut_off


def test_unwell_service_that_prints_it(secret):
    crash = WEB.replace("[sleep, '100000']", "[sh, -c, 'echo cannot log in with $$PASSWORD; exit 1']")
    deploy(secret, "v1.0.0", services(crash), "verify: { stable: 20s, timeout: 20s }")
    done = secret.run("apply", secret.environment, "--yes")
    assert done.code == 1 and "cannot log in with ‹PASSWORD›" in done.out, done.out + done.err


def test_build_that_prints_it(secret):
    compose = services("""
        web: { build: { context: ., args: { PASSWORD: '${PASSWORD}' } }, image: 'built:${TAG}' }
    """)
    deploy(secret, "v1.0.0", compose)
    secret.commit({"Dockerfile": f"FROM {BUSYBOX}\nARG PASSWORD\nRUN echo built with $PASSWORD; false\n"})
    done = secret.run("apply", secret.environment, "--yes")
    assert done.code == 1 and "built with ‹PASSWORD›" in done.out, done.out + done.err


def test_malformed_value_is_named_and_not_quoted(secret):
    secret.commit({"compose.yaml": services(WEB)})
    secret.commit({"reconciler.yaml": manifest(
        "v1.0.0", "variables: { env_file: .env.production, required: { PASSWORD: '[0-9]+' } }")})
    done = secret.run("plan", secret.environment)
    assert done.code == 1 and "PASSWORD" in done.err, done.err


def test_saved_plan_holds_none(secret, folder):
    deploy(secret, "v1.0.0", services(WEB))
    secret.run("plan", secret.environment, "--out", str(folder / "saved.json")).ok()
    assert CANARY not in (folder / "saved.json").read_text()
