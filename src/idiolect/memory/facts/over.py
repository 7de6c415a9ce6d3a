"""What is over: "I no longer live in Oslo" says of "I live in Oslo" that it held.

A sentence that says so is read as it was when it held, clause by clause; what the user says holds instead is read
beside it. Saying that something is over never states it: where it was not known, nothing is.
"""

from __future__ import annotations

import re

NOT = r"(?:n['’]t| not)"
ENDS = r"[ ,]*(?:any ?more|any longer)(?=[ .!]*$)"
TODAY = r"(?:now|these days|nowadays|today|lately|at present|currently)"
CLAUSE = re.compile(
    rf"[,;]? (?:and|but|so) (?:{TODAY},? )?(?=(?:I|my|we|our)\b)|[,;] (?:{TODAY},? )?(?=(?:I|my|we|our)\b)"
    rf"|[,;]? but {TODAY},? ",
    re.I,
)
ELIDED = re.compile(r",? (?:and|but) (?:now |then )?(?=(?:[a-z]+ed|took|went|began|got|became|found|chose|have|am)\b)")
INSTEAD = re.compile(
    rf"^(?P<what>[^,;]+?) (?:used to be|was|(?:is|are)(?: no longer|{NOT})|isn['’]t|aren['’]t) (?P<old>[^,;]+?)"
    r"(?: (?:any ?more|any longer|before))?[,;]? (?:(?:but|and) )?(?:now )?(?:it|he|she|they)(?: is|['’]s| are)"
    r"(?: now)? (?P<new>[^,;]+)$",
    re.I,
)
NOW = re.compile(r"\b(?:used to be|no longer|any ?more|any longer|now)\b", re.I)
FORMS = tuple(
    (re.compile(form, re.I), positive)
    for form, positive in (
        (r"^(.*?\b(?:I|we|am|is|are|I['’](?:m|ve)|we['’](?:re|ve))) no longer ", r"\1 "),
        (rf"^(.*?)\b(?:do|does){NOT} (.+?){ENDS}", r"\1\2"),
        (rf"^(.*?)\b(am|is|are|was){NOT} (.+?){ENDS}", r"\1\2 \3"),
        (rf"^(.*?\b(?:I|we)['’](?:m|re)) not (.+?){ENDS}", r"\1 \2"),
        (r"^(.*?\b(?:I|we)) used to be ", r"\1 am "),
        (r"^(.*?\bmy [^,;]+?) used to be ", r"\1 is "),
        (r"^(.*?\b(?:I|we)) used to (?!(?:it|this|that|them|the|my|a|an|being|having)\b)", r"\1 "),
        (
            r"^(.*?\bI)(?: have|['’]ve)? (?:quit|lost|left|resigned from|gave up) my (job|position|post) as ",
            r"\1 have a \2 as ",
        ),
        (r"^(.*?\bI)(?: have|['’]ve)? (?:stopped|quit|given up|gave up) (?=[a-z]+ing\b)", r"\1 am "),
        (r"^(.*?)\bI(?: have|['’]ve)? (?:given up|gave up) (?:on )?(?!my\b)", r"\1My hobby is "),
    )
)


def told(text: str) -> list[tuple[str, bool]]:
    """(what is stated, whether it is over) of a sentence that says so of something; empty for others."""
    if (shift := INSTEAD.match(text.rstrip(" .!"))) and NOW.search(text):
        what = shift["what"]
        return [(f"{what} is {shift['old']}.", True), (f"{what} is {shift['new']}.", False)]
    parts = [(part, held(part)) for clause in CLAUSE.split(text) for part in _whole(clause)]
    if not any(was for _, was in parts):
        return []
    return [(was, True) if was else (part, False) for part, was in parts]


def held(text: str) -> str:
    """A clause that says that something is over as it was when it held; empty where none does."""
    for form, positive in FORMS:
        if form.match(text):
            return form.sub(positive, text, count=1)
    return ""


def _whole(clause: str) -> list[str]:
    """The parts of a clause, each with its subject: "I gave up Latin", "I took up Greek"."""
    first, *rest = ELIDED.split(clause, maxsplit=1)
    return [first, *(f"I {part}" for part in rest)]
