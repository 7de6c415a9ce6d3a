"""Methods by the names of their files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from idiolect import registry
from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.method import Access

NAMES = sorted(registry.names())


def test_each_site_has_a_method() -> None:
    sites = {registry.card(n).site for n in NAMES}
    assert sites >= {"tokens", "embeddings", "hidden states", "weights", "logits"}


@pytest.mark.parametrize("name", NAMES)
def test_the_card_on_disk_is_the_card_in_memory(name: str) -> None:
    assert registry.card(name) == registry.get(name).card


@pytest.mark.parametrize("name", NAMES)
def test_a_method_is_equal_hashable_and_built_from_nothing(name: str) -> None:
    assert registry.build(name) == registry.get(name)()
    assert hash(registry.build(name)) == hash(registry.get(name)())


@pytest.mark.parametrize("name", NAMES)
def test_a_method_fits_on_a_page_and_a_half(name: str) -> None:
    assert len(registry.path(name).read_text().splitlines()) <= 130


@pytest.mark.parametrize("name", NAMES)
def test_the_familys_table_has_a_row_for_the_method(name: str) -> None:
    table = registry.path(name).with_name("__init__.py").read_text()
    assert f"| `{name}` |" in table


@pytest.mark.parametrize("name", NAMES)
def test_the_options_of_the_cousin_make_another_method(name: str) -> None:
    options = registry.card(name).cousin_options
    assert bool(options) == (registry.build(name, options) != registry.build(name))


def test_reading_all_cards_loads_no_tensor_library() -> None:
    code = "import sys; from idiolect import registry as r; [*map(r.card, r.names())]; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_card_keeps_access_as_a_level() -> None:
    assert registry.card("cos").roles == {"base": Access.LOGITS}


def test_tables_reach_nested_parts_and_keep_the_rest() -> None:
    oppu = registry.build("oppu", {"user": {"rank": 4}, "recipe": {"lr": 1}})
    assert oppu.user.rank == 4 and oppu.user.alpha == 8.0  # type: ignore[attr-defined]  # noqa: PT018
    assert oppu.recipe.lr == 1.0 and oppu.recipe.epochs == 2  # type: ignore[attr-defined]  # noqa: PT018


@pytest.mark.parametrize(
    ("name", "options", "near"),
    [("oppo", {}, "oppu"), ("cos", {"strenght": 2.0}, "strength"), ("oppu", {"user": {"rang": 4}}, "rank")],
)
def test_a_misspelt_name_or_option_gets_the_near_one(name: str, options: dict[str, object], near: str) -> None:
    with pytest.raises(UnknownName, match=near):
        registry.build(name, options)


@pytest.mark.parametrize("options", [{"k": "four"}, {"k": True}, {"k": 2.5}, {"retriever": 3}])
def test_an_option_of_another_type_is_refused_with_its_place(options: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=rf"ipa\.{next(iter(options))}"):
        registry.build("ipa", options)


def stranger(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method of another package, found by its entry point."""
    (folder / "elsewhere.py").write_text(source)
    info = folder / "elsewhere-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[idiolect.methods]\nelsewhere = elsewhere\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    registry.names.cache_clear()


STRANGER = """
from dataclasses import dataclass
from idiolect.core.method import Card, Method, method

@method(Card(paper="Ours", site="tokens", phi={phi}))
@dataclass(frozen=True, kw_only=True)
class Elsewhere(Method[None, None]):
    k: int = 3
"""


def test_a_method_of_another_package_comes_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger(tmp_path, STRANGER.format(phi="'nothing'"), monkeypatch)
    try:
        assert registry.card("elsewhere").paper == "Ours"
        assert registry.build("elsewhere", {"k": 5}).k == 5  # type: ignore[attr-defined]
    finally:
        registry.names.cache_clear()


def test_a_card_that_is_computed_is_refused_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger(tmp_path, STRANGER.format(phi="str(1)"), monkeypatch)
    try:
        with pytest.raises(BadInput, match=r"elsewhere\.py:5"):
            registry.card("elsewhere")
    finally:
        registry.names.cache_clear()


def test_a_choice_that_an_option_has_not_is_refused_with_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"no user_adapter.vectors called 'ones'; did you mean one\?"):
        registry.build("user_adapter", {"vectors": "ones"})
    with pytest.raises(UnknownName, match="schedule called 'linaer'; did you mean linear"):
        registry.build("oppu", {"recipe": {"schedule": "linaer"}})
