"""post_start hooks: run at each start of ours, and again until they are through."""

from support.images import BUSYBOX
from support.stack import SLEEPS, called, manifest, named, services


def ask(stack, tag, script, beside="", *more):
    stack.commit({"reconciler.yaml": manifest(tag, *more), "compose.yaml": services(
        f"web: {{ {SLEEPS}, volumes: ['said:/said'], post_start: [{{ command: [sh, -c, '{script}'] }}] }}\n{beside}",
        "volumes: { said: {} }")})


def lines(stack):
    return stack.sh("cat /said/lines").split()


def test_one_that_failed_is_run_again_in_the_container_that_is_there(stack, engine):
    ask(stack, "v1.0.0", "echo tried >>/said/lines; test -e /said/good")
    for _ in range(2):
        done = stack.try_apply()
        assert (done.code, stack.error(done)) == (1, "service.hook_failed"), done.out + done.err
        assert stack.names() == ["web-web-1.next"]
    made = engine.inspect("web-web-1.next")["Id"]
    plan = stack.plan_json()
    assert named(plan)["web"] == ["post_start hooks"] and "switch start web" in called(plan)
    engine.docker("exec", made, "touch", "/said/good")
    stack.apply()
    assert stack.id() == made and lines(stack) == ["tried"] * 3


def test_yet_another_version_while_one_is_due(stack, engine):
    ask(stack, "v1.0.0", "echo first >>/said/lines")
    stack.apply()
    ask(stack, "v1.1.0", "false", "", "on_failure: hold")
    assert stack.try_apply().code == 1
    assert stack.names() == ["web-web-1.next", "web-web-1.prev"]
    ask(stack, "v1.2.0", "echo third >>/said/lines")
    stack.apply()
    assert stack.names() == ["web-web-1"] and lines(stack) == ["first", "third"]


def test_on_the_way_back_they_run_as_at_each_start(stack):
    ask(stack, "v1.0.0", "echo first >>/said/lines")
    stack.apply()
    before = stack.id()
    ask(stack, "v1.1.0", "echo second >>/said/lines; false")
    done = stack.try_apply()
    assert (done.code, stack.error(done)) == (1, "service.hook_failed"), done.out + done.err
    assert stack.names() == ["web-web-1"] and stack.id() == before
    assert lines(stack) == ["first", "second", "first"] and stack.condition() == "RolledBack/SwitchFailed"
    stack.assert_second_plan_empty()


def test_a_release_that_needs_it_does_not_wait_for_a_hook_that_fails(stack):
    """The version that mends the hook has a release step that waits for the service."""
    release = f"release: {{ image: {BUSYBOX}, profiles: [r], command: ['true'], depends_on: [web] }}"
    ask(stack, "v1.0.0", "true")
    stack.apply()
    ask(stack, "v1.1.0", "false")
    assert stack.try_apply().code == 1
    ask(stack, "v1.2.0", "echo mended >>/said/lines", release, "release: [{ run: release }]")
    stack.apply()
    assert stack.names() == ["web-web-1"] and lines(stack) == ["mended"]


def test_one_that_changes_alone_is_run(stack):
    ask(stack, "v1.0.0", "echo one >>/said/lines")
    stack.apply()
    ask(stack, "v1.0.0", "echo two >>/said/lines")
    assert named(stack.plan_json()) == {"web": ["hooks"]}
    stack.apply()
    assert lines(stack) == ["one", "two"]


def test_what_a_person_stopped_is_started_with_its_hooks(stack, engine):
    ask(stack, "v1.0.0", "echo up >>/said/lines")
    stack.apply()
    engine.docker("stop", "-t", "0", stack.container())
    stack.apply()
    assert lines(stack) == ["up", "up"] and stack.names() == ["web-web-1"]
