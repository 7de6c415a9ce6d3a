"""The report of a folder of results: one self-contained page that works offline, on a phone and on paper.

| file | what it makes |
|---|---|
| `page` | the whole page, from `page.html`, `page.css` and `browser.js` |
| `leaders` | who is first on each task, and from whom that cannot be told |
| `crossings` | from how many records on a user's own data beats the rest, and one method another |
| `sides`, `browser` | answers side by side: a dozen to read, all to search |
| `confusion` | what a method turns right and wrong, by kind of question; which labels it takes for which |
| `audit` | what was answered, what is missing, and what anybody needs to check it |
| `plots`, `people` | the figures |
"""

from __future__ import annotations

from idiolect.evaluation.report.page import NAME, report
from idiolect.evaluation.report.sides import sides

__all__ = ["NAME", "report", "sides"]
