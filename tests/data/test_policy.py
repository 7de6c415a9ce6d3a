"""A space's defaults: the package's own, or those of its file; and which models count as local."""

from __future__ import annotations

from pathlib import Path

import pytest

from idiolect.core.errors import BadInput, IdiolectError
from idiolect.data.policy import Policy, read
from idiolect.data.sqlite.store import SQLiteStore

TOML = """
[consent]
train = true
remember = false
[sensitive]
health = ["health", "sport"]
[upstreams]
trusted = ["https://models.example.org/v1/"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "space.toml"


def test_without_a_file_he_is_remembered_and_assisted_and_no_more(path: Path) -> None:
    assert (read(path).consents, read(path).remember) == ({"assist"}, True)


def test_a_file_changes_what_it_names(path: Path) -> None:
    path.write_text(TOML)
    policy = read(path)
    assert (policy.consents, policy.remember) == ({"assist", "train"}, False)
    assert (policy.sensitive["health"], policy.sensitive["law"]) == ({"health", "sport"}, {"law"})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[consent", "no TOML"),
        ("[consnet]", "no table called 'consnet'; did you mean consent"),
        ("consent = 1", "no table"),
        ("[consent]\nremote = true", "no purpose called 'remote'"),
        ("[consent]\ntrain = 1", "neither true nor false"),
        ('[sensitive]\nhealth = "work"', "no list of texts"),
        ("[sensitive]\nshoes = []", "no kind of what is sensitive called 'shoes'"),
    ],
)
def test_a_mistake_is_named(path: Path, text: str, what: str) -> None:
    path.write_text(text)
    with pytest.raises(IdiolectError, match=what):
        read(path)


def test_a_link_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text(TOML)
    path.symlink_to(tmp_path / "other")
    with pytest.raises(BadInput, match="symbolic link"):
        read(path)


@pytest.mark.parametrize("address", ["http://localhost:8000/v1", "http://127.0.0.1/v1", "http://[::1]:1/"])
def test_loopback_counts_as_local(address: str) -> None:
    assert Policy().local(address)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("https://models.example.org/v1", True),
        ("https://models.example.org:443/v1/chat", True),
        ("https://models.example.org/v10", False),
        ("https://models.example.org/v1/../x", False),
        ("http://models.example.org/v1", False),
        ("https://models.example.org:8443/v1", False),
        ("https://models.example.org.evil.net/v1", False),
        ("https://localhost.evil.net/v1", False),
        ("https://localhost@evil.net/v1", False),
        ("https://127.0.0.1.evil.net", False),
        ("file:///v1", False),
        ("models.example.org/v1", False),
        ("https://[bad", False),
    ],
)
def test_only_what_is_named_is_trusted(address: str, local: bool) -> None:
    assert Policy(trusted=frozenset({"https://models.example.org/v1/"})).local(address) is local


def test_a_store_asks_the_file_of_its_space(tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "home").close()
    (tmp_path / "home" / "spaces" / "default" / "space.toml").write_text(TOML.replace("remember = false", ""))
    store = SQLiteStore(tmp_path / "home")
    assert store.consents("nobody") == {"assist", "train"}
    store.append("ann", [])
    assert store.consents("ann") == {"assist", "train"}
    store.close()
