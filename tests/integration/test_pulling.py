"""Images that are pulled: when they are, which platform's, and when they must not be."""

import re

import pytest

from support.images import BUSYBOX, busybox
from support.registry import Registry
from support.stack import SLEEPS, called, manifest, services


@pytest.fixture
def registry():
    with Registry() as registry:
        yield registry


@pytest.fixture
def site(stack, engine, registry):
    """Of a stack whose one service runs `app:1` of the registry, which the host does not have yet."""
    stack.image = registry.publish(engine, BUSYBOX, "app:1")
    yield stack
    stack.__exit__()
    engine.docker("rmi", "-f", stack.image, "app:other", check=False)


def ask(site, tag, *more):
    text = ", ".join([SLEEPS.replace(f"image: {BUSYBOX}", f"image: '{site.image}'"), *more])
    site.commit({"compose.yaml": services(f"web: {{ {text} }}"), "reconciler.yaml": manifest(tag)})


def supplies(site):
    return [one for one in called(site.plan_json()) if one.startswith("supply ")]


def test_pulled_when_it_is_missing_and_not_again(site, registry):
    ask(site, "v1.0.0")
    assert supplies(site) == [f"supply pull {site.image}"]
    site.apply()
    once = len(registry.pulled)
    ask(site, "v1.1.0", "pull_policy: missing", "environment: { A: b }")
    assert supplies(site) == []
    site.apply()
    assert len(registry.pulled) == once


def test_one_that_must_not_be_pulled_is_waited_for(site, engine, registry):
    ask(site, "v1.0.0", "pull_policy: never")
    done = site.run("plan", site.environment)
    assert (done.code, site.error(done)) == (1, "image.missing"), done.err
    assert f"docker pull {site.image}" in done.err
    assert not registry.pulled
    engine.docker("pull", site.image)
    site.apply()


def test_always_is_once_with_each_version(site, engine, registry):
    ask(site, "v1.0.0", "pull_policy: always")
    site.apply()  # with an empty plan after it
    before = site.id()
    ask(site, "v1.1.0", "pull_policy: always")
    assert supplies(site) == [f"supply pull {site.image}"]
    site.apply()
    assert site.id() == before, "what was pulled was no other image"
    registry.publish(engine, busybox(engine, "app:other", "ENV NEWER=yes"), "app:1")
    ask(site, "v1.2.0", "pull_policy: always")
    site.run("apply", site.environment, "--yes").ok()
    # What came is known when it is there.
    assert called(site.plan_json())[0] == "switch switch web"
    site.apply()
    assert "NEWER=yes" in site.inspect()["Config"]["Env"]


def test_of_another_platform_is_not_the_image(site, engine, registry):
    """The files are this machine's all the same: it can run them."""
    registry.publish(engine, BUSYBOX, "app:1", "linux/amd64", "linux/arm64")
    ask(site, "v1.0.0", "platform: linux/amd64")
    site.apply()
    ask(site, "v1.1.0", "platform: linux/arm64")
    assert supplies(site) == [f"supply pull {site.image}"]
    site.apply()
    assert engine.api("GET", f"/images/{site.inspect()['Image']}/json")["Architecture"] == "arm64"
    assert site.id() and supplies(site) == []


def test_by_its_digest_whatever_tag_stands_beside_it(site, engine, registry):
    """As Renovate writes it."""
    site.image = registry.digest(site.image)
    assert re.search(":1@sha256:[0-9a-f]{64}$", site.image)
    by_digest = site.image.replace(":1@", "@")
    ask(site, "v1.0.0")
    assert supplies(site) == [f"supply pull {site.image}"]
    site.apply()  # with an empty plan after it
    assert site.inspect()["Config"]["Image"] == site.image
    before = site.id()
    # What it runs has lost that name, and a digest is no tag that can be put back: it is pulled, and nothing is replaced.
    engine.docker("tag", by_digest, "app:other")
    engine.docker("rmi", by_digest)
    assert called(site.plan_json()) == [f"supply pull {site.image}"]
    site.apply()
    assert site.id() == before
    # Another digest under the same tag is another image.
    registry.publish(engine, busybox(engine, "app:other", "ENV NEWER=yes"), "app:1")
    site.image = registry.digest(site.image)
    ask(site, "v1.1.0")
    assert called(site.plan_json())[0] == f"supply pull {site.image}"
    site.apply()
    assert "NEWER=yes" in site.inspect()["Config"]["Env"]


def test_by_its_digest_where_compose_brought_it_up(site, engine, newest, registry, folder):
    site.image = registry.digest(site.image)
    ask(site, "v1.0.0")
    by_hand = folder / "web"
    by_hand.mkdir()
    (by_hand / "compose.yaml").write_text((site.config.path / "web" / "compose.yaml").read_text())
    newest.run("up", "-d", cwd=by_hand)
    before, once = site.id(), len(registry.pulled)
    assert not [one for one in called(site.plan_json()) if not one.startswith("record ")]
    site.apply()
    assert site.id() == before and len(registry.pulled) == once
