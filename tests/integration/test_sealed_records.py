"""What is kept of a version, sealed, so that it can be stopped and made again as it was: used, and shown nowhere."""

import sqlite3

import pytest

from support.canary import CANARY, assert_folder_silent, assert_silent
from support.stack import SLEEPS, manifest, services

VARIABLES = "variables: { env_file: .env.production }"


def web(*hooks: str) -> str:
    said = ", ".join(f"{{ command: [sh, -c, 'echo {one} >>/said/lines'] }}" for one in hooks)
    return services(f"""
        web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }}, volumes: ['said:/said'],
                configs: [{{ source: cfg, target: /etc/cfg }}] {', pre_stop: [' + said + ']' if said else ''} }}
        """, """
        volumes: { said: {} }
        configs: { cfg: { content: "${PASSWORD}" } }
        """)


@pytest.fixture
def secret(stack, folder):
    file = folder / "secret.env"
    file.write_text(f"PASSWORD={CANARY}\n")
    file.chmod(0o600)
    stack.use_host({"environments": {stack.environment: {"files": {".env.production": str(file)}}}})
    yield stack
    assert_folder_silent(stack.state)


def ask(stack, tag, *hooks):
    stack.commit({"compose.yaml": web(*hooks), "reconciler.yaml": manifest(tag, VARIABLES)})


def said(stack):
    return stack.sh("cat /said/lines 2>/dev/null || true").split("\n")[:-1]


def boxes(stack, slot="current"):
    with sqlite3.connect(stack.state / "ledger.db") as ledger:
        rows = ledger.execute("SELECT kind, name, box FROM snapshots WHERE slot = ? ORDER BY 1, 2", (slot,)).fetchall()
    ledger.close()
    return {f"{kind}/{name}": box for kind, name, box in rows}


def change(stack, sql, *values):
    with sqlite3.connect(stack.state / "ledger.db") as ledger:
        assert ledger.execute(sql, values).rowcount
    ledger.close()


def notices(stack):
    return "\n".join(stack.plan_json()["notices"])


def test_hooks_are_those_of_the_version_that_is_stopped(secret):
    ask(secret, "v1.0.0", "one ${PASSWORD}", "one again")
    secret.apply()
    ask(secret, "v1.1.0", "two")
    secret.apply()
    assert said(secret) == [f"one {CANARY}", "one again"]
    ask(secret, "v1.2.0")
    secret.apply()
    assert said(secret)[2:] == ["two"]
    ask(secret, "v1.3.0", "four")
    secret.apply()
    assert said(secret)[3:] == []
    assert not notices(secret)


def test_of_current_and_previous_and_shown_nowhere(secret):
    ask(secret, "v1.0.0", "${PASSWORD}")
    secret.apply()
    first = boxes(secret)
    assert sorted(first) == ["pre_stop/web", "record/web", "release/web/production", "service/web"]
    assert not boxes(secret, "previous")
    ask(secret, "v1.1.0", "two")
    assert_silent(secret.plan_text("--json") + secret.plan_text("--explain"), "the plan")
    secret.apply()
    assert boxes(secret, "previous") == first
    ask(secret, "v1.2.0", "three")
    secret.apply()
    assert boxes(secret, "previous") != first
    for verb in (["history", "--json"], ["history", "--log"], ["status", "--json"]):
        assert_silent(secret.run(verb[0], secret.environment, *verb[1:]).out, verb[0])
    assert_folder_silent(secret.state)


@pytest.mark.parametrize("how", ["changed", "moved", "of the previous version"])
def test_of_a_box_that_is_not_its_own_nothing_is_used(secret, how):
    ask(secret, "v0.9.0", "none")
    secret.apply()
    ask(secret, "v1.0.0", "one")
    secret.apply()
    box = boxes(secret)["pre_stop/web"]
    other = {"changed": box[:40] + bytes([box[40] ^ 1]) + box[41:], "moved": boxes(secret)["service/web"],
             "of the previous version": boxes(secret, "previous")["pre_stop/web"]}[how]
    change(secret, "UPDATE snapshots SET box = ? WHERE slot = 'current' AND kind = 'pre_stop'", other)
    ask(secret, "v1.1.0", "two")
    told = notices(secret)
    assert "the record of web cannot be used (seal.broken: " in told and "pre_stop hooks are not run" in told, told
    secret.apply()
    assert said(secret) == ["none"]
    assert not notices(secret)  # recorded anew


def test_with_another_key_nothing_of_it_is_used(secret):
    ask(secret, "v1.0.0", "one")
    secret.apply()
    kept = boxes(secret)
    key = (secret.state / "key").read_bytes()
    (secret.state / "key").write_bytes(bytes(32))
    ask(secret, "v1.1.0", "two")
    told = notices(secret)
    assert "is not the key that" in told and "the record of web cannot be used (seal.broken: " in told, told
    assert boxes(secret) == kept
    (secret.state / "key").write_bytes(key)  # put back, they open again
    assert "cannot be used" not in notices(secret)
    secret.apply()
    assert said(secret) == ["one"]


def test_never_recorded_are_not_run_and_that_is_said(secret):
    """As of a stack that was taken over, or that an older program made."""
    ask(secret, "v1.0.0", "one")
    secret.apply()
    change(secret, "DELETE FROM snapshots")
    assert not notices(secret)
    ask(secret, "v1.1.0", "two")
    assert "web-web-1 was not recorded with a version: pre_stop hooks are not run there" in notices(secret)
    secret.apply()
    assert said(secret) == []
