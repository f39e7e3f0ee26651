"""Who may write the config repository is not root: nothing of it runs at plan time, nothing outside the tree is read."""

import pytest

from support.stack import SLEEPS, services

WEB = f"web: {{ {SLEEPS} }}"


@pytest.fixture
def canary(folder):
    """A program in the tree and on the search path; that it ran is told by a file."""
    told = folder / "canary-ran"
    program = f"#!/bin/sh\necho ran >{told}\n"
    yield {"content": program, "told": told}
    assert not told.exists(), "a program of the repository ran"


def refused(stack, code, *words, verb="plan"):
    stack.proxy.clear()
    arguments = [verb, stack.environment] + (["--yes"] if verb == "apply" else [])
    done = stack.run(*arguments)
    assert done.code == 1, done.out + done.err
    assert stack.error(done) == code, done.err
    for word in words:
        assert word in done.err, done.err
    assert not stack.proxy.changes()
    assert stack.names() == []
    return done


PROGRAMS = {
    "provider": ("compose.unsupported", services("db: { provider: { type: ./canary, options: { a: b } } }\n" + WEB), "provider"),
    "models": ("compose.unsupported", services(f"web: {{ {SLEEPS}, models: [m] }}", "models: { m: { model: ai/m } }"), "models"),
    "use_api_socket": ("compose.unsupported", services(f"web: {{ {SLEEPS}, use_api_socket: true }}"), "use_api_socket"),
    "unknown": ("compose.unsupported", services(f"web: {{ {SLEEPS}, something_new: true }}"), "something_new"),
}


@pytest.mark.parametrize("what", PROGRAMS)
@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_keys_that_run_programs(folder, engine, compose, proxy, canary, what, verb):
    from support.stack import Stack

    _, text, word = PROGRAMS[what]
    with Stack(folder, engine, compose, proxy) as stack:
        stack.commit({"compose.yaml": text, "canary": canary["content"], "docker-canary": canary["content"]})
        (stack.config.path / stack.application / "canary").chmod(0o755)
        stack.config.commit("executable")
        done = stack.run(verb, stack.environment, *(["--yes"] if verb == "apply" else []))
        assert done.code == 1 and word in done.err, done.out + done.err
        assert stack.error(done) in ("compose.unsupported", "compose.invalid"), done.err
        assert not proxy.changes() and stack.names() == []


@pytest.mark.parametrize("text, code, word", [
    (services(f"web: {{ {SLEEPS}, env_file: /etc/shadow }}"), "path.escape", "/etc/shadow"),
    (services(f"web: {{ {SLEEPS}, env_file: ../../../../etc/shadow }}"), "path.escape", "etc/shadow"),
    (services(f"web: {{ {SLEEPS}, extends: {{ file: /etc/other.yaml, service: web }} }}"), "path.escape", "/etc/other.yaml"),
    ("include: [/etc/other.yaml]\n" + services(WEB), "path.escape", "/etc/other.yaml"),
    (services(f"web: {{ {SLEEPS}, secrets: [s] }}", "secrets: { s: { file: /etc/shadow } }"), "path.escape", "/etc/shadow"),
])
def test_files_outside_the_tree(stack, text, code, word):
    stack.commit({"compose.yaml": text})
    refused(stack, code, word)


def test_policy_denies_by_default_all_at_once_and_the_block_it_prints_is_enough(stack):
    stack.commit({"compose.yaml": services(f"""
        web: {{ {SLEEPS}, privileged: true, pid: host, volumes: ['/var/run/docker.sock:/s', '/etc:/host-etc:ro'] }}
        net: {{ {SLEEPS}, network_mode: host, cap_add: [SYS_ADMIN] }}
    """)})
    done = refused(stack, "compose.policy_denied", "privileged", "the host's network", "SYS_ADMIN", "/etc")
    refused(stack, "compose.policy_denied", verb="apply")
    block = done.err[done.err.index("policy:"):]
    import yaml
    lines = block.splitlines()
    indent = len(lines[1]) - len(lines[1].lstrip()) - 2
    text = "\n".join([lines[0]] + [line[indent:] for line in lines[1:] if line.strip()])
    stack.use_host({"policy": yaml.safe_load(text)["policy"]})
    plan = stack.plan_json()
    assert any(action["kind"] == "start" for action in plan["actions"])


def test_symlink_on_a_path_that_is_used(stack):
    stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, volumes: ['./page:/page:ro'] }}")})
    (stack.config.path / stack.application / "page").symlink_to("/etc/shadow")
    stack.config.commit("a link")
    refused(stack, "path.symlink", "page")


def test_folders_of_data_inside_each_other(stack):
    """Who writes to the outer one could put a link in the inner one's place, and the Engine would follow it."""
    stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, volumes: ['./data:/data', './data/inner:/inner'] }}")})
    refused(stack, "compose.bind_nested", "./data/inner", "./data")


def test_link_that_was_put_where_containers_write(stack, folder):
    root = folder / "root"
    (root / "sub").mkdir(parents=True)
    stack.use_host({"policy": {"binds": [str(root)]}})
    stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS}, volumes: ['{root}/sub:/sub'] }}")})
    stack.apply()
    stack.engine.docker("rm", "-f", stack.container("web"))
    (root / "sub").rmdir()
    (root / "sub").symlink_to("/etc")
    refused(stack, "compose.bind_link", f"{root}/sub", verb="apply")
