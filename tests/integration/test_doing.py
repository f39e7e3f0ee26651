"""What a person does by hand beside whole applies: a part of a plan, and Compose with everything given."""

from support.images import BUSYBOX
from support.stack import SLEEPS, Deed, assert_declared, called, manifest, services

RELEASE = "release: [{ run: release }]"


def stack_files(tag, colour="blue"):
    return {"compose.yaml": services(f"""
        web: {{ {SLEEPS}, environment: {{ COLOUR: {colour}, PASSWORD: "${{PASSWORD}}" }} }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: ['true'] }}
        """), "reconciler.yaml": manifest(tag, RELEASE, "variables: { set: { PASSWORD: letmein } }")}


def part(stack, *cut):
    """A part of the plan: what is shown is what is done, and nobody else goes on with the rest."""
    plan, deed = stack.plan_json(*cut), Deed(stack.engine)
    stack.proxy.clear()
    done = stack.run("apply", stack.environment, "--yes", *cut).ok()
    assert_declared(plan, deed.told(stack.proxy.changes()))
    assert stack.runs()[-1][0]["id"] == plan["id"] and stack.condition() == "Stalled/CutShort"
    assert stack.run("status", stack.environment).code == 1
    return done


def test_an_apply_ends_where_it_is_told_to_and_the_next_goes_on(stack):
    stack.commit(stack_files("v1.0.0"))
    stack.apply()
    stack.commit(stack_files("v1.1.0", "red"))
    whole = stack.plan_json()
    assert stack.plan_json("--until", "switch")["id"] != whole["id"] == stack.plan_json("--until", "prune")["id"]
    done = part(stack, "--until", "switch", "--skip", "release")
    assert stack.releases() == 1 and "! release" not in done.out, done.out
    assert "\nweb/production: v1.1.0 runs, neither verified nor recorded; release is left out, and stays due " \
        "(--until switch --skip release), after " in done.out, done.out
    assert done.out.endswith("\nnext  reconciler apply web/production, which goes on from there\n")
    assert "v1.1.0 runs, neither verified nor recorded; " in stack.run("status", stack.environment).out
    assert "Stalled/CutShort\n" in stack.run("history", stack.environment).out
    assert [one for one in called(stack.plan_json()) if one.startswith("release")] == ["release release release"]
    refused = stack.run("apply", stack.environment, "--yes", "--skip", "relase")
    assert refused.code == 1 and stack.error(refused) == "cut.step_unknown"
    part(stack, "--until", "verify")
    assert stack.releases() == 2
    stack.apply()
    assert stack.releases() == 2 and stack.condition() == "Ready/Succeeded"


def test_compose_is_given_everything_and_goes_round_no_plan(stack):
    stack.commit(stack_files("v1.0.0"))
    stack.apply()
    before = stack.names()
    stack.proxy.clear()
    assert "web-web-1" in stack.run("compose", stack.environment, "ps").ok().out
    assert stack.run("compose", "production", "exec", "-T", "web", "sh", "-c", "echo $COLOUR; exit 7").code == 7
    assert stack.run("compose", stack.environment, "config", "--services").ok().out == "web\n"
    assert stack.run("compose", stack.environment, "logs", "--no-color", "web").ok().out == ""
    refused = stack.run("compose", stack.environment, "down", "-v")
    assert refused.code == 64 and "remove web/production, which keeps volumes\n" in refused.err, refused.err
    piped = stack.run("compose", stack.environment, "config")
    assert piped.code == 64 and "letmein" not in piped.out + piped.err
    assert stack.names() == before and not stack.proxy.changes()
    stack.assert_second_plan_empty()
