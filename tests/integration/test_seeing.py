"""What people see of a host and of a stack: doctor, show, verify, variables, diff, a plan's lines. None changes a thing."""

import json
import os
import re

import pytest

from support.canary import CANARY
from support.pages import everywhere, flat, replaced
from support.reconciler import Reconciler
from support.stack import SLEEPS, manifest, services
from test_command_line import on_a_terminal

WEB = services(f"web: {{ {SLEEPS}, environment: {{ PASSWORD: '${{PASSWORD}}', TAG: '${{TAG}}' }} }}")
VARIABLES = "variables: { env_file: .env.production, set: { GREETING: 'hello ${TAG}' } }"
CHECKS = "verify: { stable: 1s, checks: [{ exec: web, command: [sh, -c, 'echo it is gone; test ! -e /tmp/ill'] }] }"


def masked(text, *more):
    """What differs from run to run; `more`: (pattern, word)."""
    return replaced(text, *more,
                    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
                    (r"(config|at|there|source) [0-9a-f]{7}\b", r"\1 COMMIT"),
                    (r"\b(sha256:)?[0-9a-f]{8,64}\b", "DIGEST"),
                    (r"(< )?\b\d+ (ms|s|min( \d+ s)?)(?!\w)", "N s"),
                    (r"\b\d+(\.\d+)? (kB|MB|GB|TB)\b", "SIZE"))


def tree(folder):
    return sorted(os.path.relpath(os.path.join(parent, name), folder)
                  for parent, folders, names in os.walk(folder) for name in [*folders, *names])


BARE = """\
  ✗ Engine       no Docker Engine answers at /nowhere/docker.sock: No such file or directory
                 mend        start it (systemctl start docker), then try again
  ! host file    there is none; the defaults serve
                 mend        /etc/reconciler/host.yaml names the repositories, and what this machine
                             allows; --host-file names another
  ✗ git          no config repository is named
                 mend        `repositories:` in /etc/reconciler/host.yaml, or reconciler --repo
                             PATH|URL
  ✓ state        FOLDER/none/state is not there yet; the first plan makes it
  ! run          nobody runs it here: what dies is not started again, and no commit is applied
                 mend        systemctl enable --now reconciler; or: reconciler run

N to mend. Then again: reconciler doctor
"""
WORKS = """\
  ✓ Engine       20.10.24+dfsg1, API 1.41, answers in N s
  ✓ host file    FOLDER/host.yaml: host "local", 1 repository
  ✓ git          config: fetched N s ago, main at COMMIT
  ✓ state        FOLDER/state: ledger whole, 1 run, SIZE
  ! run          nobody runs it here: what dies is not started again, and no commit is applied
                 mend        systemctl enable --now reconciler; or: reconciler run

N to mend.
"""
READABLE = """\
  ✓ Engine       20.10.24+dfsg1, API 1.41, answers in N s
  ✓ host file    FOLDER/host.yaml: host "local", 1 repository
  ✓ git          config: fetched N s ago, main at COMMIT
  ✗ variables    web/production: FOLDER/secret.env is readable by everyone
                 mend        chmod 600 FOLDER/secret.env
  ✓ state        FOLDER/state: ledger whole, 1 run, SIZE
  ! run          nobody runs it here: what dies is not started again, and no commit is applied
                 mend        systemctl enable --now reconciler; or: reconciler run

N to mend. Then again: reconciler doctor
"""
SHOWN = """\
web/production  v1.0.0

  desired   v1.0.0, source COMMIT, asked by config COMMIT "web as it is"
  recorded  v1.0.0 since TIME

  image    busybox:test  on the host  as desired
  network  web_default   there        as desired
  service  web           running      as desired
  state    current_tag   v1.0.0       as desired

Everything is as desired.
"""
ROTATED = """\
web/production  v1.0.0

  desired   v1.0.0, source COMMIT, asked by config COMMIT "web as it is"
  recorded  v1.0.0 since TIME

  image    busybox:test  on the host  as desired
  network  web_default   there        as desired
  service  web           running      differs
  state    current_tag   v1.0.0       as desired

service web
    environment PASSWORD  differs; its values are not told
    touched by            switch web
    waited for            verify exec web

1 of 4 things differ. What is done about it: reconciler plan web/production
"""
WELL = """\
web/production  v1.0.0   2 checks

  ✓ 1 service       N s  1 service
  ✓ exec web        N s  it is gone

web/production is well.
"""
ILL = """\
web/production  v1.0.0   2 checks

  ✓ 1 service       N s  1 service
  ✗ exec web        N s  exit code 1: it is gone
      it is gone
error verify.failed: v1.0.0 of web/production is not well: 1 of 2 checks
  unchanged  asked once, and nothing was done about it
  next       mend it; another version: reconciler rollback web/production. status does not ask these checks
"""
VARIABLES_SET = """\
web/production   6 variables with a value

  APPLICATION  set  the reconciler
  COMMIT       set  the reconciler
  ENVIRONMENT  set  the reconciler
  GREETING     set  `set` in web/reconciler.yaml:1
  PASSWORD     set  .env.production:1
  TAG          set  web/reconciler.yaml:3
"""
UNSET = """
error compose.variable_unset: 1 variable that the compose files of web/production use has no value
  PASSWRD  not set      compose.yaml:2  web
                        did you mean PASSWORD? .env.production has that
  next     set them under `variables:`, have a provider say them, or write ${NAME:-} where empty is meant
"""
IT_NEEDS = """\
web/production  v1.0.0  Stalled/CannotLook   applied N s ago by root
  compose.variable_unset: 1 variable that the compose files of web/production use has no value

1 of 1 needs you:
  web/production   reconciler plan web/production

as of the last fetch, N s ago
"""
NEEDED = """\
ENVIRONMENT     TAG     CONDITION  SINCE
web/production  v1.0.0  Stalled           compose.variable_unset: 1 variable that the compose files of web/production
use has no value

1 of 1 needs you:
  web/production   reconciler plan web/production

as of the last fetch, N s ago
"""
TWO_ENVIRONMENTS = """\
web/stage v1.1.0  ->  web/production v1.0.0

  tag                    v1.1.0 -> v1.0.0
  variable  ENVIRONMENT  value  stage -> production
  variable  GREETING     value  hello v1.1.0 -> hello v1.0.0
  variable  PASSWORD     value  differs
  variable  TAG          value  v1.1.0 -> v1.0.0
  service   web          environment PASSWORD  differs
                         environment TAG  differs

7 differences.
"""
TWO_TAGS = """\
web/production v1.0.0  ->  web/production v1.2.0

  tag                 v1.0.0 -> v1.2.0
  variable  GREETING  value  hello v1.0.0 -> hello v1.2.0
  variable  TAG       value  v1.0.0 -> v1.2.0
  service   web       environment TAG  differs

4 differences.
"""
LINES = """\
# web/production  v1.0.0 -> v1.1.0   config COMMIT "v1.1.0"
# To read, and for the day without reconciler: nothing of it was run, and it checks nothing
# between its lines. In the application's folder at commit DIGEST, with TAG=v1.1.0 and the
# environment's variables set (reconciler variables web/production).

# switch   web   environment TAG
# web-web-1.next is created from busybox:test, beside what runs and with all that the compose files say;
# no docker line has all of that under that name
docker stop web-web-1
docker rename web-web-1 web-web-1.prev
docker rename web-web-1.next web-web-1
docker update --restart=no web-web-1.prev
docker start web-web-1
# all of this in one, the old container gone before the new one is known to be well:
docker compose -p web up -d --no-deps --no-build web

# verify   1 service   before it counts as done
docker compose -p web ps --all

# verify   exec web   before it counts as done
docker exec web-web-1 sh -c 'echo it is gone; test ! -e /tmp/ill'

# record   v1.1.0   verified
# written into the ledger; the state files after it say the same

# record   current_tag v1.1.0   current_tag v1.0.0 -> v1.1.0
echo v1.1.0 > FOLDER/state/state-files/web/production/current_tag

# record   prev_tag v1.0.0   not there
echo v1.0.0 > FOLDER/state/state-files/web/production/prev_tag

# prune    web-web-1.prev   kept until the new one is verified
docker rm web-web-1.prev
"""

# How this machine's own clock, docker command and disk are is nothing that a test decides.
HOST = [(r"\n  \S+ +(clock|disk|docker|Compose) +.*(\n {17}.*)*", ""), (r"(Nothing|\d+) to mend(, \d+ to watch)?\.?", "N to mend.")]


@pytest.fixture
def seen(stack, folder):
    file = folder / "secret.env"
    file.write_text(f"PASSWORD={CANARY}\n")
    file.chmod(0o600)
    stack.use_host({"environments": {stack.environment: {"files": {".env.production": str(file)}}}})
    stack.commit({"compose.yaml": WEB, "reconciler.yaml": manifest("v1.0.0", VARIABLES, CHECKS)}, "web as it is")
    stack.apply()
    stack.proxy.clear()
    yield stack
    assert not stack.proxy.changes(), [str(one) for one in stack.proxy.changes()]


def test_doctor_where_there_is_nothing(folder):
    alone = Reconciler(folder / "none" / "state", docker_host="unix:///nowhere/docker.sock", home=folder)
    before = tree(folder)
    code, said = everywhere(alone, "doctor", masked=lambda text: masked(text, *HOST, (re.escape(str(folder)), "FOLDER")))
    assert (code, flat(said)) == (1, flat(BARE))
    assert tree(folder) == before
    document = json.loads(alone.run("doctor", "--json").out)
    assert {one["grade"] for one in document["findings"]} <= {"well", "watch", "mend"}


def test_doctor_of_a_host_that_works(seen, folder):
    before = tree(seen.state)
    done = seen.run("doctor")
    assert flat(masked(done.out, *HOST, (re.escape(str(folder)), "FOLDER"))) == flat(WORKS)
    (folder / "secret.env").chmod(0o644)
    done = seen.run("doctor")
    (folder / "secret.env").chmod(0o600)
    assert done.code == 1
    assert flat(masked(done.out, *HOST, (re.escape(str(folder)), "FOLDER"))) == flat(READABLE)
    assert tree(seen.state) == before


def test_show(seen, folder):
    assert everywhere(seen.program, "show", seen.environment, masked=masked) == (0, SHOWN)
    (folder / "secret.env").write_text(f"PASSWORD={CANARY}-rotated\n")
    assert everywhere(seen.program, "show", seen.environment, masked=masked) == (0, ROTATED)


def test_verify(seen):
    assert everywhere(seen.program, "verify", seen.environment, masked=masked) == (0, WELL)
    runs = seen.run("history", seen.environment).out
    seen.sh("touch /tmp/ill")
    assert everywhere(seen.program, "verify", seen.environment, masked=masked) == (1, ILL)
    assert seen.run("history", seen.environment).out == runs, "no run of the ledger"
    seen.proxy.clear()  # the check itself runs a command


def test_status_names_what_is_down_and_since_when_it_is_well(seen, folder):
    [row] = json.loads(seen.run("status", "--json").ok().out)["environments"]
    assert row["condition"] == "Ready" and row["since"].startswith("20"), row
    seen.engine.docker("stop", "-t", "0", "web-web-1")
    [row] = json.loads(seen.run("status", "--json").ok().out)["environments"]
    assert re.match("start web: state exited [0-9]+ -> running", row["why"]) and "since" not in row, row
    assert re.search("Reconciling +start web: state exited", seen.run("status").ok().out)
    seen.commit({"reconciler.yaml": manifest("v1.1.0", VARIABLES, CHECKS)}, "v1.1.0")
    seen.run("plan")
    [row] = json.loads(seen.run("status", "--json").ok().out)["environments"]
    assert row["why"] == "v1.0.0 -> v1.1.0: 1 service to switch, 1 container to prune", row


def test_a_compose_file_that_is_not_there_is_named_where_the_manifest_asks_for_it(seen):
    seen.commit({"reconciler.yaml": manifest("v1.0.0", VARIABLES, "compose: { files: [docker-compose.yml] }")}, "a typo")
    done = seen.run("plan", seen.environment)
    assert done.code == 1 and seen.error(done) == "path.not_found", done.err
    assert re.match(r"web/reconciler\.yaml:\d+:\d+: error path\.not_found: the compose file \"docker-compose\.yml\" is not in the tree\n",
                    done.err), done.err


def test_variables(seen):
    assert everywhere(seen.program, "variables", seen.environment, masked=masked) == (0, VARIABLES_SET)
    done = seen.run("variables", seen.environment, "--reveal")
    assert (done.code, seen.error(done)) == (64, "usage")
    code, shown = on_a_terminal(seen.program, b"", "variables", seen.environment, "--reveal")
    assert code == 0 and CANARY in shown
    seen.commit({"compose.yaml": WEB.replace("PASSWORD}", "PASSWRD}")}, "a typo")
    seen.run("plan", "--no-fetch")
    seen.run("plan")
    assert everywhere(seen.program, "variables", seen.environment, masked=masked) == (1, VARIABLES_SET + UNSET)
    assert everywhere(seen.program, "plan", seen.environment, masked=masked) == (1, UNSET.lstrip("\n"))
    assert everywhere(seen.program, "status", seen.environment, masked=masked) == (1, IT_NEEDS)
    code, said = everywhere(seen.program, "status", masked=masked)
    assert (code, flat(said)) == (1, flat(NEEDED)) and "\n  web/production   reconciler plan web/production\n" in said


def test_diff(seen):
    seen.commit({"reconciler.yaml": f"{VARIABLES}\nverify: {{ stable: 1s }}\nenvironments:\n"
                                    "  production: { tag: v1.0.0 }\n"
                                    "  stage: { tag: v1.1.0, compose: { project: web-stage }, "
                                    "variables: { env_file: [], set: { PASSWORD: other } } }\n"}, "a stage")
    seen.run("plan")
    assert everywhere(seen.program, "diff", "web/stage", "web/production", masked=masked) == (0, TWO_ENVIRONMENTS)
    assert everywhere(seen.program, "diff", "web/production@v1.0.0", "@v1.2.0", masked=masked) == (0, TWO_TAGS)
    assert seen.run("diff", seen.environment, seen.environment).ok().out.endswith("Nothing differs.\n")
    assert seen.run("diff", "1", "1").ok().out == "run 1 of web/production  ->  run 1 of web/production\n\nNothing differs.\n"
    done = seen.run("diff", "1", seen.environment)
    assert (done.code, seen.error(done)) == (64, "usage")


def test_a_plan_as_lines(seen, folder):
    seen.commit({"reconciler.yaml": manifest("v1.1.0", VARIABLES, CHECKS)}, "v1.1.0")
    assert masked(seen.run("plan", seen.environment, "--commands").ok().out, (re.escape(str(folder)), "FOLDER")) == LINES
