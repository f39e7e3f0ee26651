"""A version without a health check that ends and is started again and again: between two ends it looks well."""

from support.images import BUSYBOX
from support.stack import manifest, services


def ask_for(stack, tag, command):
    stack.commit({"compose.yaml": services(f"web: {{ image: {BUSYBOX}, init: true, restart: always, command: [sh, -c, '{command}'] }}"),
                  "reconciler.yaml": manifest(tag, "verify: { stable: 5s, timeout: 8s }")})


def test_started_again_and_again(stack):
    ask_for(stack, "v1.0.0", "exec sleep 100000")
    stack.apply()
    before = stack.id()
    ask_for(stack, "v1.1.0", "sleep 1; exit 1")
    done = stack.try_apply()
    assert (done.code, stack.error(done)) == (1, "verify.failed"), done.out + done.err
    assert "restart" in done.err, done.err
    assert stack.id() == before and stack.condition() == "RolledBack/VerifyFailed"
    assert stack.inspect()["HostConfig"]["RestartPolicy"]["Name"] == "always"
    # And it stays so: nothing is tried again by itself.
    runs = len(stack.runs())
    stack.run("apply", stack.environment, "--yes")
    assert len(stack.runs()) == runs
    stack.assert_second_plan_empty()
