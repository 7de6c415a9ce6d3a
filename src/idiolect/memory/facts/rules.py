"""Exact forms: sentences that state a fact in so many words; what they match needs no weighing."""

from __future__ import annotations

import re

VALUE = r"(?P<v>[^,.;:!?]{1,60}?)"
END = r"(?=\s*(?:[,.;:!]|$|\b(?:now|these days|and I|and we|but|because|since|for (?:years|ages|a while))\b))"
RELATION = (
    r"(?P<k>mother|father|mum|mom|dad|wife|husband|partner|girlfriend|boyfriend|sister|brother|son|daughter|cousin|"
    r"uncle|aunt|niece|nephew|grandmother|grandfather|grandma|grandpa|boss|friend|neighbou?r|teacher|doctor|dentist|"
    r"colleague|roommate|flatmate|dog|cat|horse|rabbit|parrot|hamster)"
)
NAME = r"(?P<v>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)?)"
FORMS = (
    ("name", rf"\bmy (?:first |full |real )?name is {NAME}", 0),
    ("person", rf"\bmy (?:\w+ )?(?i:{RELATION})(?:'s name)? is (?:called |named )?{NAME}{END}", 0),
    ("person", rf"\bI have an? (?i:{RELATION}) (?:called|named) {NAME}", 0),
    ("like", rf"\bmy (?:all-time |very )?favou?rite (?P<k>\w+(?: \w+)?) (?:is|are) (?:definitely |still )?{VALUE}{END}", re.I),
    ("like", rf"^{VALUE} is my (?:all-time |very )?favou?rite (?P<k>\w+)\b", re.I),
    ("home", rf"\bI (?:now |currently |still )?live in {NAME}{END}", 0),
    ("home", rf"\bI(?: have|'ve)? (?:just |recently )?moved to {NAME}{END}", 0),
    ("job", rf"\bI (?:now |currently |still )?work as (?:an? )?{VALUE}{END}", re.I),
    ("job", rf"\bmy (?:new |present |current )?(?:job|profession) is (?:to work as )?(?:an? )?{VALUE}{END}", re.I),
    ("allergy", rf"\bI(?: am|'m) (?:very |really |badly )?allergic to {VALUE}{END}", re.I),
    ("allergy", rf"\bI have an allergy to {VALUE}{END}", re.I),
    ("language", rf"\bI(?: am|'m) learning {NAME}", 0),
    ("hobby", rf"\bmy (?:main |new )?hobby is {VALUE}{END}", re.I),
    ("visit", rf"\b(?:I|we) (?:just |finally |also )?visited {NAME}", 0),
)
CUES = {  # words without which a sentence hardly states a fact of that kind
    "like": r"favou?rites?|best|top|number one|prefer\w*|nic(?:er|est)|better|finest|beats?|wins?|love\w*|ador\w+|like|enjoy|"
    r"fan|choice|choose|chose|picks?|picked|vote|heart|closest|taste|rate|most|tired of|my kind of|stands out|crazy|the one",
    "person": RELATION.replace("?P<k>", "?:") + r"|girl|boy|baby|pet|twin",
    "meaning": r"mean\w*|stands? for|words?|say|read|understand|call|use|short for|same",
    "name": r"names?|named|called|calls? me|known|this is|here|I am|I'm|answer to|go by|sign|introduce",
    "job": r"work\w*|jobs?|profession|trade|hired|employ\w*|career|living|boss|office|compan\w+|contract|serve|earn|paid|pays|"
    r"business card|trained",
    "home": r"live|living|home|house|flat|address|reside|settled|moved|neighbou?rs|garden|street|rent|citizen|room|town|door",
    "allergy": r"allerg\w+|react\w*|ill|sick|skin|throat|breathe|safe|spots|nose|eyes|face|swell\w*|itch\w*",
    "language": r"learn\w*|language|lessons?|course|class|stud(?:y|ies|ying)|speak\w*|practi[sc]e|teach\w*",
    "hobby": r"hobb(?:y|ies)|free|spare|fun|passion|weekends?|relax\w*|after work|club|evenings?|pastime",
    "visit": r"visit\w*|trips?|tour\w*|been|went|drove|walk\w*|explored|returned|came back|look|photos|saw|see|day|was in|took me",
    "residence": r"lives?|living|lived|home|house|flat|address|room|moved?|stays|send",
}
CUE = {kind: re.compile(rf"\b(?:{words})\b", re.I) for kind, words in CUES.items()}
COMPILED = tuple((kind, re.compile(form.replace(r"\bmy", r"\b[Mm]y"), flags)) for kind, form, flags in FORMS)


def cued(text: str) -> frozenset[str]:
    """The kinds for which a sentence has a word."""
    return frozenset(kind for kind, cue in CUE.items() if cue.search(text))


def match(text: str) -> tuple[str, str, str] | None:
    """(kind, key, value) of the first form that a sentence has."""
    for kind, form in COMPILED:
        if found := form.search(text):
            parts = found.groupdict()
            return kind, (parts.get("k") or "").lower(), parts["v"].strip()
    return None
