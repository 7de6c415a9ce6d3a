"""The page's files: nothing foreign, nothing inline, no way for words to become markup, colours that can be read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import idiolect

PAGE = Path(idiolect.__file__).parent / "applications" / "page"
SCRIPTS = sorted(PAGE.rglob("*.js"))
STYLES = sorted(PAGE.rglob("*.css"))
FILES = [PAGE / "index.html", *SCRIPTS, *STYLES, *PAGE.rglob("*.svg")]
COLOUR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data)


def elements() -> Elements:
    return Elements((PAGE / "index.html").read_text(encoding="utf-8"))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_nothing_stands_inline() -> None:
    page = elements()
    assert not page.inline
    assert not [(tag, name) for tag, given in page.found for name in given if name == "style" or name.startswith("on")]


def test_every_file_that_the_page_names_is_there() -> None:
    named = [given.get(at) for _, given in elements().found for at in ("src", "href")]
    wanted = {name for name in named if name and not name.startswith("#")}
    assert len(wanted) > 5
    assert not [name for name in wanted if not (PAGE / name.removeprefix("static/")).is_file()]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_every_import_is_there_and_used(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    for names, source in re.findall(r"^import \{([^}]+)\} from \"([^\"]+)\"", text, re.MULTILINE):
        target = (script.parent / source).resolve()
        assert target.is_file(), source
        for name in (n.strip() for n in names.split(",") if n.strip()):
            assert re.search(rf"^export .*\b{name}\b", target.read_text(encoding="utf-8"), re.MULTILINE), name
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is imported for nothing"


def test_every_script_and_style_is_reached_from_the_page() -> None:
    reached = {(PAGE / str(g.get("src") or g.get("href")).removeprefix("static/")) for _, g in elements().found}
    todo = [f for f in reached if f.suffix == ".js"]
    while todo:
        script = todo.pop()
        for source in re.findall(r"from \"(\.[^\"]+)\"", script.read_text(encoding="utf-8")):
            target = (script.parent / source).resolve()
            if target not in reached:
                reached.add(target)
                todo.append(target)
    assert not [f.name for f in (*SCRIPTS, *STYLES) if f not in reached]


def test_no_word_can_become_markup_or_code() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|javascript:"
    assert not [(f.name, found) for f in SCRIPTS if (found := re.findall(ways, f.read_text(encoding="utf-8")))]


def test_nothing_is_fetched_from_elsewhere() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:https?:)?//[a-z0-9.:-]+\.?[a-z]{2,}[^\s\"'`]*", text.replace("// ", "")))
        shown = {"http://www.w3.org/2000/svg", "http://localhost:11434/v1", "https://api.openai.com/v1"}
        assert named <= shown, file.name
        assert "@import" not in text
        assert "url(" not in text


def test_files_are_short() -> None:
    assert not {f.name: n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 300}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(scheme: int) -> None:
    found = {name: pair[scheme] for name, *pair in COLOUR.findall((PAGE / "style" / "page.css").read_text("utf-8"))}
    texts = [(t, g) for t in ("ink", "quiet", "own", "warn") for g in ("paper", "card")]
    texts += [
        ("on-own", "own"),
        ("on-warn", "warn"),
        ("ink", "own-soft"),
        ("own", "own-soft"),
        ("ink", "mark"),
        ("ink", "own-bar"),
    ]
    assert not {pair: c for pair in texts if (c := contrast(*(found[name] for name in pair))) < 4.5}
    edges = [("edge", "paper"), ("edge", "card"), ("own", "paper"), ("own", "card")]
    assert not {pair: c for pair in edges if (c := contrast(*(found[name] for name in pair))) < 3}
