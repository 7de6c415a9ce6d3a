"""How a gain lies over users, one dot each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from idiolect.evaluation.report.plots import FAINT, INK, SERIES, drawing, styled, svg

SPREAD = 0.28  # half the height over which dots of one line are strewn, so that equal ones are seen


@styled
def users(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """One line a comparison, one dot a user, a stroke at the median; those whom it harms in another colour."""
    figure = drawing(7, 0.9 + 0.34 * len(comparisons))
    axes = figure.subplots()
    for y, c in enumerate(comparisons):
        values = np.sort(np.array(list(c["per_user"].values())))
        strewn = y + SPREAD * (2 * (np.arange(len(values)) * 0.618034 % 1) - 1)  # the golden ratio fills evenly
        for harmed, colour in ((False, SERIES[0]), (True, SERIES[1])):
            kept = (values < 0) == harmed
            axes.plot(values[kept], strewn[kept], "o", color=colour, markersize=3, alpha=0.6)
        middle = float(np.median(values))
        axes.plot([middle, middle], [y - 0.4, y + 0.4], color=INK, linewidth=1.6)
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.set_yticks(range(len(comparisons)), [f"{c['method']} · {c['task']}" for c in comparisons])
    axes.set_ylim(len(comparisons) - 0.4, -0.6)
    axes.set_xlabel("gain over no method")
    return svg(figure, "Gain of each user")
