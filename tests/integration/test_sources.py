"""What is mounted from the tree stays what a container started with; data stays data; nothing that is needed goes."""

import pytest

from support.engine import HANGS, wait_for
from support.images import BUSYBOX, portfolio_images
from support.reconciler import paused
from support.stack import SLEEPS, called, manifest, named, services

NGINX = "debian-nginx:1.22"


def configuration(version):
    """A whole nginx.conf that answers with its own version."""
    return f"""\
events {{}}
http {{ server {{ listen 80; location / {{ return 200 "{version}"; }} }} }}
"""


def answer(stack, service="nginx"):
    return stack.engine.docker("exec", stack.container(service), "curl", "-fsS", "http://127.0.0.1/", check=False)


@pytest.fixture(scope="module")
def nginx(engine):
    portfolio_images(engine)


def test_changed_nginx_conf_replaces_nginx_alone(stack, nginx):
    compose = services(f"""
        nginx: {{ image: '{NGINX}', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'] }}
        web: {{ {SLEEPS} }}
    """)
    stack.commit({"compose.yaml": compose, "nginx.conf": configuration("one")})
    stack.apply()
    wait_for(lambda: answer(stack) == "one", "nginx to answer")
    before = stack.ids()
    stack.commit({"nginx.conf": configuration("two")})
    plan = stack.plan_json()
    assert named(plan) == {"nginx": ["mount /etc/nginx/nginx.conf"]}
    assert [one for one in called(plan) if one.startswith("switch")] == ["switch switch nginx"]
    stack.apply()
    after = stack.ids()
    assert after["web"] == before["web"] and after["nginx"] != before["nginx"]
    wait_for(lambda: answer(stack) == "two", "nginx to answer anew")


def test_docker_restart_while_the_next_version_is_prepared_shows_the_old_file(stack, nginx):
    compose = services(f"""
        nginx: {{ image: '{NGINX}', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro', './folder:/folder:ro'] }}
        release: {{ image: {BUSYBOX}, profiles: [release], command: [sh, -c, 'until test -f /go/on; do sleep 0.1; done'],
                    volumes: ['go:/go'] }}
        web: {{ {SLEEPS}, volumes: ['go:/go'] }}
    """, "volumes: { go: {} }")
    content = {"compose.yaml": compose, "folder/file": "one\n"}
    stack.commit({**content, "nginx.conf": configuration("one")})
    stack.apply()
    stack.commit({**content, "nginx.conf": configuration("two"), "folder/file": "two\n",
                  "reconciler.yaml": manifest("v1.1.0", "release: [{ run: release }]")})
    program = stack.program.start("apply", stack.environment, "--yes")
    wait_for(lambda: stack.one_offs(running=True), "the release of v1.1.0 to run")
    assert "\n  run 2 of root is at it, to v1.1.0: " in stack.run("plan", "--no-fetch").ok().out
    stack.engine.docker("restart", "-t", "1", stack.container("nginx"))
    wait_for(lambda: answer(stack) == "one", "nginx to answer again")
    assert stack.sh("cat /folder/file", "nginx") == "one\n"
    stack.sh("touch /go/on")
    out, err = program.communicate(timeout=HANGS)
    assert program.returncode == 0, out + err
    wait_for(lambda: answer(stack) == "two", "nginx to answer anew")
    assert stack.sh("cat /folder/file", "nginx") == "two\n"
    stack.assert_second_plan_empty()


def test_data_beside_the_compose_file_is_the_same_after_five_tags(stack, nginx):
    compose = services("""
        db:
          image: debian-postgresql:15
          environment: { POSTGRES_DB: app, POSTGRES_USER: app, POSTGRES_PASSWORD: pw, TAG: "${TAG}" }
          volumes: ['./data:/var/lib/postgresql/data']
          healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, app, -d, app], interval: 1s, retries: 30 }
    """)
    said = []

    def sql(text):
        return stack.sh(f'PGPASSWORD=pw psql -h 127.0.0.1 -U app -d app -qAtc "{text}"', "db").split()

    for n in range(5):
        stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(f"v1.{n}.0")})
        stack.apply()
        if n == 0:
            sql("create table kept (tag text)")
        sql(f"insert into kept values ('v1.{n}.0')")
        said.append(stack.id("db"))
    assert sql("select tag from kept") == [f"v1.{n}.0" for n in range(5)]
    assert len(set(said)) == 5, "each tag had a container of its own"


def test_a_release_runs_on_what_was_committed_whatever_became_of_it_in_the_state_folder(stack):
    compose = services(f"""
        web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }}, volumes: ['table:/table'] }}
        release:
          image: {BUSYBOX}
          profiles: [release]
          command: [sh, -c, 'cat /migrations/* >>/table/rows; true']
          volumes: ['./migrations:/migrations', 'table:/table']
        """, "volumes: { table: {} }")

    def release(tag):
        stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(tag, "release: [{ run: release }]"),
                      "migrations/one": "as committed\n"})
        stack.apply()
        return stack.sh("cat /table/rows; rm /table/rows")

    assert release("v1.0.0") == "as committed\n"
    folder = stack.state / "objects" / stack.config.git("rev-parse", "HEAD:web/migrations")
    (folder / "one").write_text("as edited\n")
    assert release("v1.1.0") == "as committed\n"
    (folder / "one").unlink()
    assert release("v1.2.0") == "as committed\n"


def test_a_release_waits_while_a_service_runs_with_what_was_changed_by_hand(stack):
    """Nothing is made anew under it, or it would serve an empty folder and look as wanted."""
    compose = services(f"""
        web: {{ {SLEEPS}, volumes: ['table:/table', './both:/both'] }}
        release:
          image: {BUSYBOX}
          profiles: [release]
          command: [sh, -c, 'cat /both/* >>/table/rows; true']
          volumes: ['./both:/both', 'table:/table']
        """, "volumes: { table: {} }")

    def ask_for(tag):
        stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(tag, "release: [{ run: release }]"), "both/one": "as committed\n"})

    ask_for("v1.0.0")
    stack.apply()
    edited = stack.state / "objects" / stack.config.git("rev-parse", "HEAD:web/both") / "one"
    edited.write_text("as edited\n")
    ask_for("v1.1.0")
    done = stack.run("apply", stack.environment, "--yes")
    assert done.code == 1 and stack.error(done) == "object.harmed", done.out + done.err
    assert "reconciler restart web/production web" in done.err, done.err
    assert stack.sh("cat /both/one /table/rows") == "as edited\nas committed\n"
    assert stack.state_file("current_tag") == "v1.0.0" and stack.condition() == "Reconciling/Retrying"
    stack.run("restart", stack.environment, "web", "--yes").ok()
    stack.run("apply", stack.environment, "--yes").ok()
    assert stack.sh("cat /both/one /table/rows") == "as committed\n" * 3
    stack.assert_second_plan_empty()


def test_what_was_written_for_a_model_that_is_not_kept_yet_is_not_swept_away(stack, folder):
    """A plan of one application while another one's apply tidies: each names the objects of the other only by their models."""
    stack.commit({"compose.yaml": services(f"web: {{ {SLEEPS} }}"), "reconciler.yaml": manifest("v1.0.0")})
    passed = folder / "passed"
    stack.config.commit("another", {"other/compose.yaml": services(f"web: {{ {SLEEPS}, volumes: ['./page:/page'] }}"),
                                    "other/page": "a page\n", "other/reconciler.yaml": manifest("v1.0.0")})
    planning = stack.program.start("plan", "other/production", env={"RECONCILER_FAILPOINTS": "model.keep.before:delay=8000",
                                                                    "RECONCILER_FAILPOINTS_PASSED": str(passed)})
    wait_for(lambda: passed.exists() and "model.keep.before" in passed.read_text().split(), "the plan to keep its model")
    page = stack.state / "objects" / stack.config.git("rev-parse", "HEAD:other/page")
    assert page.read_text() == "a page\n"
    with paused(planning):
        stack.run("apply", stack.environment, "--yes").ok()
        assert page.exists() and planning.poll() is None
    planning.communicate(timeout=HANGS)
    assert planning.returncode == 0
    # Once nothing needs it, it goes as ever.
    stack.config.commit("no other", {f"other/{name}": None for name in ("compose.yaml", "page", "reconciler.yaml")})
    (stack.state / "compiled" / "other" / "production").rename(folder / "compiled")
    stack.commit({"reconciler.yaml": manifest("v1.1.0")})
    stack.apply()
    assert not page.exists()


def test_after_ten_tags_what_nothing_needs_is_gone_and_not_one_thing_more(stack):
    compose = services(f"""
        web: {{ {SLEEPS}, environment: {{ TAG: "${{TAG}}" }}, volumes: ['./page:/page:ro', './same:/same:ro'] }}
        other: {{ {SLEEPS}, volumes: ['./folder:/folder:ro'] }}
    """)
    for n in range(10):
        stack.commit({"compose.yaml": compose, "reconciler.yaml": manifest(f"v1.{n}.0"), "page": f"{n}\n",
                      "same": "same\n", "folder/file": f"{n // 5}\n"})
        stack.apply()
    trees = {one.name.split(".")[0] for one in (stack.state / "trees" / "web" / "production").iterdir()}
    assert trees == set(stack.config.git("rev-parse", "HEAD", "HEAD~1").split()), "the current one's and the previous one's"
    mounted = {mount["Source"] for service in ("web", "other") for mount in stack.inspect(service)["Mounts"]}
    objects = {str(one) for one in (stack.state / "objects").iterdir()}
    previous = {str(stack.state / "objects" / stack.config.git("rev-parse", "HEAD~1:web/page"))}
    assert objects == mounted | previous and len(objects) == 4, "and what it takes to go back to the previous one"
    # All that is mounted outlives a restart.
    for service in ("web", "other"):
        stack.engine.docker("restart", "-t", "0", stack.container(service))
    assert stack.sh("cat /page /same") == "9\nsame\n" and stack.sh("cat /folder/file", "other") == "1\n"
    stack.assert_second_plan_empty()
