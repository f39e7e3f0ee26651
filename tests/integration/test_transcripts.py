"""One story, told in whole outputs: a host that three scripts deployed is taken over, then a normal deploy, one that fails,
and a night. In a pipe, where the locale has no UTF-8, and on a terminal of 100 columns. And a typo."""

import pathlib
import tempfile

import pytest

from support.pages import everywhere
from support.proxy import Proxy
from support.reconciler import Reconciler
from support.repository import Repository
from support.scripted import ScriptedHost
from support.stack import clean
from support.story import Story, masked


@pytest.fixture(scope="module")
def story(engine, newest):
    # A short name: what a terminal of 100 columns shows has paths in it.
    with tempfile.TemporaryDirectory(prefix="rcn-", dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        host = ScriptedHost(folder, engine, newest)
        host.deploy("v1.2.1")
        host.deploy("v1.2.2")
        with Proxy(engine.socket, engine.folder / "transcripts.sock") as proxy:
            yield Story(host, engine, newest, proxy)
        clean(engine, host.project)
    for one in engine.api("GET", "/images/json"):
        for name in one["RepoTags"] or []:
            if name.startswith("portfolio-"):
                engine.docker("image", "rm", "-f", name, check=False)


WROTE = """\
portfolio: 5 services run here from docker-compose.prod.yml (Compose VERSION, project "portfolio")

  tag         v1.2.2     current_tag, HEAD and both images agree; before it v1.2.1
  release     service "release", after db and redis
  variables   6 used; .env.production has all but what is derived; API_URL as build.sh sets it
  not in git  ./certs, mounted by nginx; stays at /opt/portfolio/certs
  scripts     build.sh, release.sh, deploy.sh; their two lock files will be honoured

  wrote   /srv/deploy/portfolio/reconciler.yaml   17 lines
  wrote   /srv/deploy/portfolio/environments/production.yaml   1 line   tag: v1.2.2
  wrote   /host.yaml   10 lines   .env.production, ./certs

Nothing that runs was touched. Read the three files, commit, then: reconciler plan
"""
PLANNED = """\
portfolio/production  v1.2.2   config COMMIT "portfolio as it runs today"

  taken over: 5 containers, 4 images (2 of them v1.2.1, for a rollback), current_tag, prev_tag

No changes. No container needs a restart.
"""


def test_first_contact(story):
    for way in ("pipe", "c", "terminal"):
        told = story.said[f"init {way}"]
        # Of a terminal's width, the test's long folders take too much.
        assert told == WROTE or way == "terminal" and "".join(told.split()) == "".join(WROTE.split()), told
        assert story.said[f"first plan {way}"] == PLANNED
    assert story.said["known plan"] == 'portfolio/production  v1.2.2   config COMMIT "little patience"\n\nNo changes.\n'
    assert story.said["locked"].endswith(
        "\nerror lock.held: a script, or somebody else, holds /var/lock/portfolio-deploy.lock, which "
        "portfolio/production honours\n"
        "  next  wait until it has ended; who it is: fuser -v /var/lock/portfolio-deploy.lock\nexit 75\n")
    for what in ("init terminal", "first plan terminal", "known plan", "locked", "declined"):
        assert story.containers[what] == story.containers["first"]
        assert story.state[what] == ["v1.2.2", "v1.2.1"]


SHOWN = """\
portfolio/production  v1.2.2 -> v1.2.3   source COMMIT "Release v1.2.3", 1 commit since

  + build    portfolio-backend:v1.2.3, portfolio-frontend:v1.2.3   not on the host
  ! release  release             not yet run for v1.2.3
  ! release  static              at each switch
  ~ switch   backend, frontend   v1.2.2 -> v1.2.3  (db, nginx, redis stay)
  ? verify   5 services, http://127.0.0.1:${SITE_PORT}/, http://127.0.0.1:${SITE_PORT}/healthz
  = record   current_tag v1.2.3, prev_tag v1.2.2
  - prune    portfolio-backend-1.prev, portfolio-frontend-1.prev
               kept until the new one is verified
  - prune    portfolio-backend:v1.2.1, portfolio-frontend:v1.2.1   keep is 0
  - prune    release, static     its one-off container

Plan DIGEST: 2 to build, 2 release steps, 2 services to switch, 4 containers to prune, 2 images to
prune.
If it is not well: back to v1.2.2.
Commit "portfolio/production v1.2.3", push it and apply? [y/N] """
DONE = """\
y

  ✓ commit   COMMIT "portfolio/production v1.2.3"
  ✓ push     origin main
  ✓ build    portfolio-backend:v1.2.3            N s
  ✓ build    portfolio-frontend:v1.2.3           N s
  ✓ release  release                             N s   Applying projects.0012_slug... OK
  ✓ release  static                              N s   131 files
  ✓ switch   backend                             N s   down for N s
  ✓ switch   frontend                            N s   down for N s
  ✓ verify   3 checks, then well for N s         N s
  ✓ record   current_tag v1.2.3, prev_tag v1.2.2
  ✓ prune    4 containers, 2 images              N s

portfolio/production runs v1.2.3 after N s.   Back: reconciler rollback portfolio/production
"""


def test_a_normal_deploy(story):
    """In a pipe: test_set."""
    assert story.said["declined"] == SHOWN + "n\nNothing was changed.\nexit 1\n"
    assert story.said["set"] == SHOWN + DONE
    before, after = story.containers["first"], story.containers["set"]
    assert {name for name in after if after[name] != before[name]} == {"portfolio-backend-1", "portfolio-frontend-1"}
    assert sorted(after) == sorted(before) and story.state["set"] == ["v1.2.3", "v1.2.2"]
    assert story.images == {f"portfolio-{part}:{tag}" for part in ("backend", "frontend") for tag in ("v1.2.2", "v1.2.3")}
    # The release of v1.2.2, which the scripts had done, counts as done; going back released nothing.
    assert story.host.released() == "".join(f"start v1.2.{n}\ndone v1.2.{n}\n" for n in (1, 2, 3, 4))


FAILED = """\
portfolio/production  v1.2.3 -> v1.2.4   config COMMIT "portfolio/production v1.2.4"

  + build    portfolio-backend:v1.2.4, portfolio-frontend:v1.2.4   not on the host
  ! release  release           not yet run for v1.2.4
  ! release  static            at each switch
  ~ switch   backend           v1.2.3 -> v1.2.4, command
  ~ switch   frontend          v1.2.3 -> v1.2.4  (db, nginx, redis stay)
  ? verify   5 services, http://127.0.0.1:${SITE_PORT}/, http://127.0.0.1:${SITE_PORT}/healthz
  = record   current_tag v1.2.4, prev_tag v1.2.3
  - prune    portfolio-backend-1.prev, portfolio-frontend-1.prev
               kept until the new one is verified
  - prune    portfolio-backend:v1.2.2, portfolio-frontend:v1.2.2   keep is 0
  - prune    release, static   its one-off container

Plan DIGEST: 2 to build, 2 release steps, 2 services to switch, 4 containers to prune, 2 images to prune.
If it is not well: back to v1.2.3.

  ✓ build    portfolio-backend:v1.2.4            N s
  ✓ build    portfolio-frontend:v1.2.4           N s
      Applying projects.0012_slug... OK
  ✓ release  release                             N s   Applying projects.0012_slug... OK
      131 files
  ✓ release  static                              N s   131 files
  ✓ switch   backend                             N s   down for N s
  ✓ switch   frontend                            N s   down for N s
  ✗ verify   5 services                          N s   backend: exited 1; asked N times
      backend | Cannot resolve keyword sulg into field
      131 files
  ✓ release  static                              N s   v1.2.3's again: 131 files
  ✓ rollback backend -> v1.2.3                   N s   the container that ran before
  ✓ rollback frontend -> v1.2.3                  N s   the container that ran before; down for N s
  ✓ verify   3 checks, then well for N s         N s
  ✓ record   v1.2.3
  ✓ prune    5 containers                        N s

error verify.failed: v1.2.4 is not well: 5 services: backend: exited 1; portfolio/production is back at v1.2.3, and well
  not undone  release of v1.2.4: what it changed stays
  unchanged   current_tag v1.2.3, prev_tag v1.2.2; db, nginx, redis never stopped
  held        v1.2.4 is not tried again by itself
  log         reconciler history portfolio/production --run 3 --log
  next        commit another tag; or the same again: reconciler retry portfolio/production
exit 1
"""
# What was built and released before is not built and released again.
FAILED_AGAIN = """\
portfolio/production  v1.2.3 -> v1.2.4   config COMMIT "portfolio/production v1.2.4"

  ! release  static     at each switch
  ~ switch   backend    v1.2.3 -> v1.2.4, command
  ~ switch   frontend   v1.2.3 -> v1.2.4  (db, nginx, redis stay)
  ? verify   5 services, http://127.0.0.1:${SITE_PORT}/, http://127.0.0.1:${SITE_PORT}/healthz
  = record   current_tag v1.2.4, prev_tag v1.2.3
  - prune    portfolio-backend-1.prev, portfolio-frontend-1.prev
               kept until the new one is verified
  - prune    portfolio-backend:v1.2.2, portfolio-frontend:v1.2.2   keep is 0
  - prune    static     its one-off container

Plan DIGEST: 1 release step, 2 services to switch, 3 containers to prune, 2 images to prune.
If it is not well: back to v1.2.3.

  ok     release  static                              N s   131 files
  ok     switch   backend                             N s   down for N s
  ok     switch   frontend                            N s   down for N s
  FAILED verify   5 services                          N s   backend: exited 1; asked N times
      backend | Cannot resolve keyword sulg into field
  ok     release  static                              N s   v1.2.3's again: 131 files
  ok     rollback backend -> v1.2.3                   N s   the container that ran before
  ok     rollback frontend -> v1.2.3                  N s   the container that ran before; down for
                                                            N s
  ok     verify   3 checks, then well for N s         N s
  ok     record   v1.2.3
  ok     prune    4 containers                        N s

error verify.failed: v1.2.4 is not well: 5 services: backend: exited 1; portfolio/production is back
      at v1.2.3, and well
  not undone  release of v1.2.4: what it changed stays
  unchanged   current_tag v1.2.3, prev_tag v1.2.2; db, nginx, redis never stopped
  held        v1.2.4 is not tried again by itself
  log         reconciler history portfolio/production --run 6 --log
  next        commit another tag; or the same again: reconciler retry portfolio/production
exit 1
"""
AGREED = """\
portfolio/production  v1.2.3   source COMMIT "Release v1.2.3"

No changes.

  ✓ commit   COMMIT "portfolio/production v1.2.3"

portfolio/production  v1.2.3   config COMMIT "portfolio/production v1.2.3"

No changes.
"""


def test_a_deploy_that_fails(story):
    assert story.said["failed"] == FAILED
    assert story.said["failed again"] == FAILED_AGAIN
    # The very containers of before, of which only those that had been switched were stopped.
    before = story.containers["set"]
    for what in ("failed", "failed again"):
        back = story.containers[what]
        assert {name: identity for name, (identity, _) in back.items()} == {name: identity for name, (identity, _) in before.items()}
        assert {name for name in back if back[name] != before[name]} == {"portfolio-backend-1", "portfolio-frontend-1"}
        assert story.state[what] == ["v1.2.3", "v1.2.2"]
    assert story.said["agreed"] == AGREED and story.containers["agreed"] == story.containers["failed again"]


NIGHT = """\
portfolio/production runs v1.2.3 since TIME, for N s

     tag   was well from   images   release work since then
  1   v1.2.2   TIME, N s   on the host   v1.2.3, v1.2.4
  -   v1.2.1   TIME, N s   images gone   v1.2.3, v1.2.4

Back to which? [1]

portfolio/production  v1.2.3 -> v1.2.2   config COMMIT "portfolio/production v1.2.3"

  held  git asks for v1.2.3, which is not what is wanted now (Requested): root went back to v1.2.2

  variables: as of TIME, kept sealed; doppler ended with exit code 1

  ! release  static              at each switch
  ~ switch   backend, frontend   v1.2.3 -> v1.2.2  (db, nginx, redis stay)
  ? verify   5 services, http://127.0.0.1:${SITE_PORT}/, http://127.0.0.1:${SITE_PORT}/healthz
  = record   current_tag v1.2.2, prev_tag v1.2.3
  - prune    portfolio-backend-1.prev, portfolio-frontend-1.prev
               kept until the new one is verified
  - prune    portfolio-backend:v1.2.4, portfolio-frontend:v1.2.4   v1.2.4 was never recorded
  - prune    static              its one-off container

Plan DIGEST: 1 release step, 2 services to switch, 3 containers to prune, 2 images to prune.
If it is not well: back to v1.2.3.

  ✓ release  static                              N s   131 files
  ✓ switch   backend                             N s   down for N s
  ✓ switch   frontend                            N s   down for N s
  ✓ verify   3 checks, then well for N s         N s
  ✓ record   current_tag v1.2.2, prev_tag v1.2.3
  ✓ prune    3 containers, 2 images              N s

portfolio/production runs v1.2.2 after N s.
  not undone  release of v1.2.3, v1.2.4: what it changed stays
  variables   as of TIME, kept sealed; doppler ended with exit code 1
  held        git still asks for v1.2.3; nothing brings it back until git or you say so
  next        make git agree: reconciler set portfolio/production v1.2.2; or v1.2.3 again:
              reconciler retry portfolio/production
"""
FORWARD = """\
portfolio/production runs v1.2.2 since TIME, for N s

     tag   was well from   images   release work since then
  1   v1.2.3   TIME, N s   on the host   v1.2.4
  -   v1.2.1   TIME, N s   images gone   v1.2.3, v1.2.4

portfolio/production  v1.2.2 -> v1.2.3   config COMMIT "portfolio/production v1.2.3"

  variables: as of TIME, kept sealed; doppler ended with exit code 1

  ! release  static              at each switch
  ~ switch   backend, frontend   v1.2.2 -> v1.2.3  (db, nginx, redis stay)
  ? verify   5 services, http://127.0.0.1:${SITE_PORT}/, http://127.0.0.1:${SITE_PORT}/healthz
  = record   current_tag v1.2.3, prev_tag v1.2.2
  - prune    portfolio-backend-1.prev, portfolio-frontend-1.prev
               kept until the new one is verified
  - prune    static              its one-off container

Plan DIGEST: 1 release step, 2 services to switch, 3 containers to prune.
If it is not well: back to v1.2.2.

      131 files
  ok     release  static                              N s   131 files
  ok     switch   backend                             N s   down for N s
  ok     switch   frontend                            N s   down for N s
  ok     verify   3 checks, then well for N s         N s
  ok     record   current_tag v1.2.3, prev_tag v1.2.2
  ok     prune    3 containers                        N s

portfolio/production runs v1.2.3 after N s.
  not undone  release of v1.2.4: what it changed stays
  variables   as of TIME, kept sealed; doppler ended with exit code 1
"""


def test_two_in_the_morning(story):
    """Variables' provider is away all night."""
    assert story.said["night"] == NIGHT
    assert story.state["night"] == ["v1.2.2", "v1.2.3"]
    # What is asked for again is what git asks for.
    assert story.said["forward"] == FORWARD
    assert story.state["forward"] == ["v1.2.3", "v1.2.2"]


MISTAKES = """\
portfolio/environments/production.yaml:3:11: error duration.invalid: "30" has no unit
    3 |   stable: 30
      |           ^^ write 30s, 30m or 30h
portfolio/reconciler.yaml:4:3: error manifest.unknown_key: verify has no key "time_out"
    4 |   time_out: 2m
      |   ^^^^^^^^ did you mean "timeout"?
portfolio/reconciler.yaml:5:1: error manifest.unknown_key: a manifest has no key "keeps"
    5 | keeps: 0
      | ^^^^^ did you mean "keep"?

3 errors in 2 of 4 files. Nothing that runs is affected.
"""


def test_a_typo(folder):
    """Neither Docker nor state is asked."""
    config = Repository(folder / "deploy")
    config.commit("typed at night", {
        "portfolio/reconciler.yaml": "source: https://example.com/portfolio.git\ncompose: { project: portfolio }\n"
                                     "verify:\n  time_out: 2m\nkeeps: 0\n",
        "portfolio/environments/production.yaml": "tag: v1.2.3\nverify:\n  stable: 30\n",
        "portfolio/environments/stage.yaml": "tag: v1.2.4\ncompose: { project: portfolio-stage }\n",
        "web/reconciler.yaml": "environments: { production: { tag: v1.0.0 } }\n"})
    alone = Reconciler(folder / "state", repo=config.path, docker_host=f"unix://{folder}/none.sock", home=folder)
    code, said = everywhere(alone, "validate", masked=masked)
    assert (code, said) == (1, MISTAKES)
    assert not (folder / "state").exists()
