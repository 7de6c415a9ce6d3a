"""The figures of a report, as SVG that takes its colours from the page, so that it is right in light and dark.

matplotlib draws with stand-in colours; each is then replaced by a variable of the page's style.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.table import Point, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT = "#010203", "#a1b2c3"
SERIES = tuple(f"#c0de0{i}" for i in range(8))
MARKS = "osD^vPX*"
VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", **{c: f"var(--c{i})" for i, c in enumerate(SERIES)}}
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be read out, searched and scaled
    "svg.hashsalt": "idiolect",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "legend.frameon": False,
}
CONTROLS = (("base", "no method"), ("swapped", "another's data"), ("pooled", "pooled"), ("copy", "copy"))
COSTS = (
    ("prompt_tokens", "prompt tokens"),
    ("ms_per_query", "ms a query"),
    ("bytes_per_user", "bytes a user"),
    ("adapt_seconds", "seconds to adapt a user"),
)


Plot = TypeVar("Plot", bound=Callable[..., str])


def styled(plot: Plot) -> Plot:
    """Draws in our style and leaves matplotlib's own settings alone.

    Raises:
        MissingExtra: matplotlib is not installed.
    """

    @wraps(plot)
    def inside(*args: Any) -> str:
        try:
            from matplotlib import rc_context
        except ImportError as error:
            raise MissingExtra("matplotlib", "eval") from error
        with rc_context(STYLE):
            return plot(*args)

    return cast(Plot, inside)


@styled
def gains(rows: Sequence[Row]) -> str:
    """Gain over the model without a method, with its limits; hollow where noise explains it."""
    shown = [r for r in rows if r.gain is not None]
    colours = palette(rows)
    figure = drawing(7, 0.8 + 0.28 * len(shown))
    axes = figure.subplots()
    for y, r in enumerate(shown):
        assert r.gain is not None
        assert r.gain_low is not None
        assert r.gain_high is not None
        colour, _ = colours[r.method]
        clear = r.better or r.worse
        axes.plot([r.gain_low, r.gain_high], [y, y], color=colour, linewidth=2, alpha=1 if clear else 0.45)
        axes.plot(r.gain, y, "o", color=colour, markerfacecolor=colour if clear else "none", markersize=7)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(shown)), [f"{r.method} · {r.task}" for r in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_xlabel("gain over no method, 95 % limits")
    return svg(figure, "Gain by method and task with 95 % limits")


@styled
def controls(rows: Sequence[Row], lower: Collection[str] = ()) -> str:
    """The score beside the scores of what it is compared with; `lower`: tasks on which less is better."""
    figure = drawing(7, 1.0 + 0.28 * len(rows))
    axes = figure.subplots()
    for y, r in enumerate(rows):
        others = [v for name, _ in CONTROLS if (v := getattr(r, name)) is not None]
        axes.plot([min([r.score, *others]), max([r.score, *others])], [y, y], color=FAINT, linewidth=1)
    for i, (name, label) in enumerate(CONTROLS, 1):
        there = [(getattr(r, name), y) for y, r in enumerate(rows) if getattr(r, name) is not None]
        if there:
            x, y_ = zip(*there, strict=True)
            axes.plot(x, y_, MARKS[i], color=SERIES[i], markerfacecolor="none", markersize=6, label=label)
    axes.plot([r.score for r in rows], range(len(rows)), MARKS[0], color=SERIES[0], markersize=8, label="own data")
    names = [f"{r.method} · {r.task}{' (less is better)' if r.task in lower else ''}" for r in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_xlabel("score")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, handletextpad=0.2, columnspacing=1)
    return svg(figure, "Score under one's own data, beside its controls")


@styled
def costs(rows: Sequence[Row]) -> str:
    """Gain against each of four costs."""
    from matplotlib.ticker import MaxNLocator

    shown, colours = [r for r in rows if r.gain is not None], palette(rows)
    figure = drawing(7, 6)
    for axes, (name, label) in zip(figure.subplots(2, 2, sharey=True).flat, COSTS, strict=True):
        for r in shown:
            colour, mark = colours[r.method]
            axes.plot(getattr(r, name), r.gain, mark, color=colour, markersize=7, label=r.method, clip_on=False)
        values = [getattr(r, name) for r in shown if getattr(r, name) > 0]
        if values and max(values) > 30 * min(values):
            axes.set_xscale("symlog", linthresh=min(values))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlim(left=0)
        if not values:
            axes.set_xticks([0])  # there is none to show, and a scale would be made up
        axes.set_xlabel(label)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.grid()
    figure.supylabel("gain over no method", fontsize=10)
    _legend(figure)
    return svg(figure, "Cost against gain")


LINES = {"user": "-", "group": "--", "everybody": ":"}


@styled
def curves(points: Sequence[Point]) -> str:
    """Gain over no method by length of history, one panel a task; the band is the 95 % limits."""
    tasks = list(dict.fromkeys(p.task for p in points))
    colours, lengths = palette(points), sorted({p.history for p in points})
    columns = min(2, len(tasks))
    rows = -(-len(tasks) // columns)
    figure = drawing(7, 0.6 + 2.6 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True).flat)
    for axes, task in zip(panels, tasks, strict=False):
        for method, grain in dict.fromkeys((p.method, p.grain) for p in points if p.task == task):
            mine = [p for p in points if (p.task, p.method, p.grain) == (task, method, grain) and p.gain is not None]
            colour, mark = colours[method]
            _line(axes, [lengths.index(p.history) for p in mine], mine, colour, mark if grain == "user" else "")
        axes.set_title(task, fontsize=10)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xticks(range(len(lengths)), [str(n) for n in lengths])
        axes.grid()
    for axes in panels[len(tasks) :]:
        axes.set_visible(False)
    figure.supxlabel("records of history that bear on the task", fontsize=10)
    figure.supylabel("gain over no method", fontsize=10)
    _legend(figure)
    return svg(figure, "Learning curve over history length")


def _line(axes: Any, x: Sequence[int], points: Sequence[Point], colour: str, mark: str) -> None:
    """One curve; only a user's own has marks, a name in the legend and a band, so that the panel stays clear."""
    if not points:
        return
    own = points[0].grain == "user"
    label = points[0].method if own else f"_{points[0].method}"
    style = f"{mark}{LINES[points[0].grain]}"
    axes.plot(x, [p.gain for p in points], style, color=colour, markersize=5, linewidth=1.6, label=label)
    if own:
        axes.fill_between(x, [p.gain_low for p in points], [p.gain_high for p in points], color=colour, alpha=0.15)


def palette(items: Sequence[Row] | Sequence[Point]) -> dict[str, tuple[str, str]]:
    """Colour and mark of each method, the same in every figure."""
    methods = dict.fromkeys(i.method for i in items)
    return {m: (SERIES[i % len(SERIES)], MARKS[i % len(MARKS)]) for i, m in enumerate(methods)}


def svg(figure: Figure, title: str) -> str:
    """A figure as SVG to stand within a page, named for those who hear it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'<svg ([^>]*?)width="[^"]*"|<svg', r"<svg \1", text, count=1)
    text = re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    prefix = re.sub(r"\W+", "-", title.lower())  # ids must differ between the figures of one page
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", text)
    for stand_in, variable in VARIABLES.items():
        text = text.replace(stand_in, variable)
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def drawing(width: float, height: float) -> Figure:
    """Inches; a page shows it as wide as it has room."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _legend(figure: Figure) -> None:
    named: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    columns = min(4, len(named))
    figure.legend(list(named.values()), list(named), loc="outside upper center", ncols=columns)
