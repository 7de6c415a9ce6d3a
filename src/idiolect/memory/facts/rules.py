"""Forms of English in which people state facts about themselves; what has none of them states nothing.

`{k}` is a key, `{v}` a value up to the next stop, `{n}` a name (capitalised words), `{rel}` a relation. The forms
are read from the start of a clause or after a word that leads up to it, in this order; the first that fits wins.
"""

from __future__ import annotations

import re

from idiolect.memory.facts.cues import GRAMMAR
from idiolect.memory.facts.reading import rank

STOP = (
    r"(?=\s*(?:[,.;:!?)]|$|\b(?:now|these days|at the moment|and (?:I|we|my|it)|but|because|since|"
    r"for (?:years|ages|a while|me)|of all|by far|any day|in case|with my|today|last year|this year)\b))"
)
SLOTS = {
    "{v}": r"(?P<v>(?:an? |the )?[^\W\d_][\w'’-]*(?: [\w'’-]+){0,4}?)",
    "{n}": r"(?-i:(?P<v>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)?))",
    "{k}": r"(?P<k>[^\W\d_]+(?: [^\W\d_]+)?)",
    "{who}": r"(?-i:(?P<k>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)?))",
    "{rel}": r"(?P<k>mother|father|mum|mom|dad|wife|husband|partner|girlfriend|boyfriend|sister|brother|son|daughter|"
    r"cousin|uncle|aunt|niece|nephew|grandmother|grandfather|grandma|grandpa|boss|friend|neighbou?r|teacher|doctor|dentist|"
    r"colleague|roommate|flatmate|dog|cat|horse|rabbit|parrot|hamster)",
    "{my}": r"(?:my (?:dear |own |old |new |little |big |best |lovely |good )?)",
    "{I am}": r"(?:I am|I'm|I’m)",
    "{I have}": r"(?:I have|I've|I’ve|I)",
    "{often}": r"(?:(?:now|still|currently|also|just|recently|finally|always|often|really|usually|have) )?",
    "{fav}": r"(?:all-time |very |own )?(?:favou?rite|preferred|best-loved|number one|top|most loved)",
}
FORMS = (
    ("name", r"{my}?(?:first |full |real )?name is {n}", r"(?:people|friends|everyone|they) {often}calls? me {n}"),
    ("name", r"(?:hello|hi)[,!]? (?:I am|I'm|I’m|this is) {n}$", r"{I am} (?:called|named) {n}", r"call me {n}$"),
    (
        "meaning",
        r"(?:by|with) {k},? I {often}mean {v}",
        r"(?:when|if|whenever) I say {k},? (?:I mean|it means|read it as) {v}",
    ),
    ("meaning", r"(?:the word |my word ){k} (?:means|stands for) {v}", r"{k} (?:means|stands for) {v} (?:to|for) me"),
    ("meaning", r"(?:to|for) me,? {k} (?:means|stands for) {v}", r"I say {k} (?:but|when) I {often}mean {v}"),
    ("person", r"{my}{rel}(?:'s name)? is {often}(?:called |named )?{n}", r"I have an? {rel} (?:called|named) {n}"),
    (
        "person",
        r"the name of {my}{rel} is {n}",
        r"{n} is {my}{rel}$",
        r"(?:with|meet|about|saw|met|call|visit) {my}{rel},? {n}",
    ),
    ("person", r"{my}{rel},? {n},? (?:is|was|has|likes|loves|lives|makes|will|and I)", r"{n}, {my}{rel},"),
    ("home", r"I {often}live in {n}", r"I have lived in {n}", r"{I have} {often}moved to {n}", r"{I am} living in {n}"),
    ("home", r"{my}(?:home|house|flat|apartment|address|home town|hometown) is {often}(?:in )?{n}"),
    (
        "home",
        r"I {often}(?:call|made|make) {n} (?:my )?home",
        r"the (?:town|city|place) (?:where )?I (?:live in|live|call home) is {n}",
    ),
    ("home", r"{n} is (?:my home town|my hometown|where I {often}live|the (?:town|city|place) I call home)"),
    ("residence", r"{who} (?:now |still )?(?:lives|is living|has lived|moved|resides) (?:in|to) {n}"),
    (
        "residence",
        r"the (?:home|flat|house|address) of {who} is (?:in )?{n}",
        r"{who} has (?:a|an) (?:house|flat|home) in {n}",
    ),
    (
        "allergy",
        r"{I am} (?:very |really |badly |severely )?allergic to {v}",
        r"I have an? (?:bad |strong )?allergy to {v}",
    ),
    ("allergy", r"I (?:have|suffer from) an? (?:bad |strong |known )?{v} allergy", r"{my}allergy is to {v}"),
    ("allergy", r"{v} (?:makes me (?:ill|sick)|gives me an allergic reaction)", r"I (?:get|got) (?:ill|sick) from {v}"),
    ("job", r"I {often}work (?:full time |part time )?as {v}", r"{I am} (?:working|employed|paid to work) as {v}"),
    ("job", r"{my}(?:present |current |day )?(?:job|profession|trade) is {often}(?:to work as |being )?{v}"),
    (
        "job",
        r"by (?:profession|trade),? I am {v}",
        r"{I am} {v} by (?:profession|trade)",
        r"I (?:earn|make) (?:my|a) (?:money|living) as {v}",
    ),
    ("job", r"I (?:found|got|have|started) an? (?:good |new |hard )?job as {v}", r"(?:they|my boss) hired me as {v}"),
    ("language", r"{I am} {often}(?:learning|studying|taking lessons in) {n}", r"I {often}(?:learn|study) {n}"),
    (
        "language",
        r"I (?:started|decided|try|want) to learn {n}",
        r"I have been learning {n}",
        r"(?:the|my new) language I (?:learn|study) is {n}",
    ),
    ("hobby", r"{my}(?:main |only )?hobby is {v}", r"{v} is {my}(?:main )?hobby", r"I took up {v} as a hobby"),
    (
        "hobby",
        r"(?:in my (?:free|spare) time|for fun|as a hobby),? I {often}(?:do|enjoy|play|go) {v}",
        r"I {often}do {v} (?:for fun|as a hobby)",
    ),
    (
        "visit",
        r"(?:I|we) {often}(?:visited|toured|explored) (?:the town of )?{n}",
        r"(?:I|we) {often}(?:took|made|went on) an? (?:\w+ )?trip to {n}",
    ),
    (
        "visit",
        r"{my}(?:last )?(?:trip|visit) to {n} was",
        r"(?:I|we) {often}(?:came|got) back from {n}",
        r"(?:I|we) {often}drove to {n}",
    ),
    ("like", r"{my}{fav} {k} (?:is|are|has been|has always been) {often}{v}", r"{v} (?:is|are) {my}{fav} {k}"),
    ("like", r"the {k} I (?:like|love|enjoy) (?:most|best|the most) is {v}", r"the best {k},? (?:for me|to me) is {v}"),
    (
        "like",
        r"for me,? the best {k} is {often}{v}",
        r"I (?:think|feel|find) {v} is the best {k}",
        r"{v} is the best {k} (?:there is|for me)",
    ),
    (
        "like",
        r"when it comes to {k},? I (?:pick|choose|take|prefer|love) {v}",
        r"no {k} (?:beats|is better than|comes close to) {v}",
    ),
    ("like", r"I {often}love {v} more than any other {k}", r"{my}{k} of choice is {v}", r"I prefer {v} as an? {k}"),
)
LEADS = r"(?:^|[,:;.!?] |\b(?:that|know|say|remember|because|and|but|so|as) )"


def _compiled(form: str) -> re.Pattern[str]:
    form += STOP if form.endswith("{v}") else r"\b" if form.endswith("{k}") else ""
    for name, slot in SLOTS.items():
        form = form.replace(name, slot)
    return re.compile(LEADS + form, re.IGNORECASE)


COMPILED = tuple((kind, _compiled(form)) for kind, *forms in FORMS for form in forms)
NO_VALUES = """i we you he she it they this that there who what everyone somebody someone nobody but and"""
NOBODY = frozenset(NO_VALUES.split())
NO_KINDS = frozenset(("hobby", "activity", "job", "work", "thing", "way", "part", "language", "name", "pastime", "one"))
ARTICLE = re.compile(r"^an? ", re.I)
MUCH = re.compile(r"(?:a (?:lot|ton|great deal)|so much|everything|the world|not)\b", re.I)  # "it means a lot to me"


def match(text: str) -> tuple[str, str, str] | None:
    """(kind, key, value) of the first form that a sentence has."""
    for kind, form in COMPILED:
        found = form.search(text)
        if found is None:
            continue
        parts = found.groupdict()
        said, key = parts["v"].strip(), (parts.get("k") or "").strip()
        value = ARTICLE.sub("", said)
        if kind == "like":
            first, _, last = key.partition(" ")
            key = first if last and rank(last.lower()) <= GRAMMAR else key
            if key.lower() in NO_KINDS:
                continue
        ends = (value.lower().split(" ")[-1], key.lower().split(" ")[0])  # "because that", "your tea"
        if NOBODY.isdisjoint(ends) and not MUCH.match(said):
            return kind, key if kind == "residence" else key.lower(), value
    return None
