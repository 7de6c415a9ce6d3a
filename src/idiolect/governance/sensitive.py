"""What is sensitive, by rules: the special categories of the GDPR (article 9), and what does harm when it gets about.

The rules are words and forms of English, and numbers with their check digits. They would rather flag too much: a record
that is flagged wrongly is used less. They know what is said plainly, not what has to be inferred: of private facts in
other people's wording they find about half to two thirds (docs/governance.md).
"""

from __future__ import annotations

import re

from idiolect.core.layout import line
from idiolect.core.types import Record

WORDS = {
    "health": r"""abortion abscess aches? addict\w* adhd alcoholic alcoholism allerg\w+ alzheimer\w* an(?:a|e)emi\w+
        anorexi\w+ antidepressants? antibiotics anxi\w+ arthritis asthma\w* autis\w+ biops\w+ bipolar
        bloodwork bulimi\w+ burn-?out cancer cardio(?:log|vasc)\w+ chemo\w* cholesterol chronic clinic\w*
        colonoscopy concussion counsel+ing counsel+or crutches dement\w+ dental dentist
        depress(?:ed|ion|ive) dermatolog\w+ diabet\w+ diagnos\w+ dialysis disabilit\w+ disabled disease
        disorders? doctor'?s? dos(?:e|es|age) ecg eczema epilep\w+ fertility flare-?ups? fractur\w+ gluten
        grief gyn(?:a|e)+colog\w+ hearing\said hepatitis hiv hospital\w* illness immun\w+ infection
        infertil\w+ inflammat\w+ inhaler injur\w+ insulin insomnia ivf leuk\w+ lupus mammogram medical
        medications? medicines? meds menopaus\w+ mental migraines? miscarriage mood\s(?:swings|disorder) mri
        nause\w+ neurolog\w+ ocd oncolog\w+ orthop\w+ overdose pain(?:s|ful\w*)? panic\w* paraly\w+ parkinson\w*
        patholog\w+ physio\w* pills pregnan\w+ prenatal prescri\w+ psychiatr\w+ psycholog\w+ ptsd rash
        rehab\w* relaps\w+ schizophren\w+ scoliosis seizures? sclerosis self-harm\w* sobriety sober
        sprain\w* stroke suicid\w+ surge(?:ry|on|ries) symptoms? therap(?:y|ist|ists) thyroid transplant
        trauma\w* tumou?r ultrasound urolog\w+ vaccin\w+ wheelchair x-?rays?
        blood\s(?:pressure|sugar|test|tests|type|work)
        adrenaline\spens? allergens? ambulance anaphyla\w+ antibod(?:y|ies) antihistamin\w+ blisters? blotch\w*
        asphyxia\w* breathless\w* chok(?:e|es|ed|ing) cough\w* desensiti[sz]\w+ epi-?pens? faint(?:s|ed|ing) fever\w*
        histamin\w+ hives hypersensitiv\w+ injections? intoleran(?:t|ce|ces) itch\w* life-threatening nurses?
        paramedics? poison(?:s|ed|ous)? puffy sneez\w+ suffocat\w+ swell(?:s|ed|ing)? swollen tolerate unwell
        vomit\w* welts wheez\w+ (?:bad|nasty|severe|strong|violent|immediate)\sreactions? reacts?\sto
        react(?:s|ed|ing)?\sbadly me\sreact ill\sfrom
        (?:get|gets|got|fall|fell|feel|felt|me|am|be|was)\s(?:very\s|so\s|quite\s|really\s)?(?:ill|sick)
        (?:can'?t|cannot|can\snot|hardly|barely)\sbreathe breathe\s(?:well|freely) (?:emergency|casualty)\s(?:room|ward)
        my\s(?:own\s|poor\s|whole\s)?(?:throat|skin|stomach|lungs?|tongue|airways?|belly|gut|chest)
        (?:face|lips?|eyes?|nose|mouth|body)\s(?:hurts?|turns?|waters?|runs?|burns?|closes?|balloons?|puffs?|goes|go)
        (?:body|skin|stomach)\s(?:can'?t|cannot|does\snot|doesn'?t)\s(?:take|bear|stand|accept|handle|digest|process|cope)
        red\s(?:spots|hands) agrees?\swith\sme (?:reaction|sensitive|hypersensitive)\sto trouble\sbreathing
        (?:bad|harmful|lethal|fatal|toxic)\s(?:for|to)\sme not\sallowed\sto\s(?:eat|touch|drink)
        (?:can'?t|cannot|can\snot|may\snot|must\snot|must\snever)\s(?:eat|touch|drink|swallow|be\sgiven)
        (?:not\ssafe|unsafe|dangerous|deadly|forbidden|off\slimits|no\sgood|a\sdanger|a\srisk|out\sof\sbounds)\s(?:for|to)\sme
        (?:could|would|will|might|may|can|nearly|almost)\s(?:kill(?:ed)?|finish(?:ed)?|choke|harm|hurt|poison)\sme
        (?:out|over)\sin\s(?:spots|lumps|bumps|patches|a\ssweat)
        (?:red|itchy|angry|sore)\s(?:patches|marks|skin|eyes|lumps|bumps)
        (?:eyes|nose|lips?|tongue|ears|hands|arms|neck|throat)\s(?:\w+\s){0,2}(?:water|itch|sting|swell|burn|tingle|run)s?
        my\s(?:eyes|nose|lips?|face|cheeks|mouth|tongue|hands)\s(?:\w+\s){0,2}(?:red|sore|numb|shut|puffy|watery|running)
        (?:runny|stuffy|blocked|streaming|watery|burning)\s(?:nose|eyes) short\sof\sbreath (?:stop|stopped)\sbreathing
        breathing
        (?:an|the|another)\sattack sinuses windpipe whiff antidote carsick
        (?:emergency|adrenalin|rescue)\s(?:pen|kit|injector|shot) skin\stests? (?:my|a)\ssensitivity\sto overreacts?\sto
        (?:sends?|sent|put|puts|go|goes|went|gives?|gave)\s(?:me\s)?(?:into\s|in\s)?(?:a\s)?shock nearly\sdied
        almost\sdied
        (?:swallow|take|took|need)\sa\s(?:pill|tablet) traces\sof
        (?:doesn'?t|does\snot|don'?t|do\snot|never)\sagree\swith\sme
        disagrees?\swith\sme
        makes?\sme\s(?:feel\s)?(?:very\s|so\s)?(?:ill|sick|unwell|dizzy|weak|queasy|awful|faint|sore)
        (?:makes?|made)\sme\s(?:sneeze|cough|choke|itch|swell|wheeze|vomit|gasp|puffy|breathless|feverish)
        (?:must|have\sto|should|told\sto)\s(?:always\s|strictly\s)?(?:avoid|stay\saway|keep\saway|keep\sclear)
        (?:must|have\sto|had\sto|told\sto)\s(?:always\s)?(?:steer\sclear|stay\sclear|give\sup|do\swithout|live\swithout)
        (?:stay|keep|steer)\s(?:well\s|far\s)?clear\sof my\s(?:diet|condition) body\s(?:fights|rejects|reacts)
        (?:worst|sworn|mortal|deadly)\senem(?:y|ies) can'?t\sbear\sto\sbe\snear coeliac celiac vegan vegetarian
        lactose diets? dietician dietitian insomniac stutter\w* dyslexi\w+ colou?r-?blind tinnitus arrhythmia
        pacemaker stent
        blood\sthinners? painkillers? ibuprofen paracetamol sedatives? statins? tumors? metasta\w+ remission amputat\w+
        prosthe\w+ hearing\saids? bedridden convalesc\w+ sick\sleave""",
    "sexuality": r"""asexual bisexual closeted contracepti\w+ erectile gay gender\sidentity hookups? lesbian lgbt\w*
        libido non-?binary pansexual porn\w* queer sex sexual\w* std sti transgender
        trans\s(?:man|woman|person) pronouns came\sout\s(?:as|to) heterosexual homosexual\w* bicurious intersex
        cross-?dress\w*
        (?:my|the)\sgirlfriend\sand\smy\swife polyamor\w+ one-night\sstand orgasm\w* virginity
        (?:in|out\sof)\sthe\scloset
        attracted\sto\s(?:men|women|both|girls|guys|boys) gender\sdysphoria
        transition(?:ed|ing)\sto\s(?:male|female)""",
    "religion": r"""allah atheis\w+ agnostic bapti[sz]\w+ bible bishop buddhis\w+ catholic\w* christian\w* church\w*
        convent hindu\w* imam islam\w* jehovah\w* jew jewish judaism kosher monastery mormon\w* mosque
        muslims? orthodox pastor pray(?:s|ed|er|ers|ing)? priest protestant quran rabbi ramadan religio\w+
        sikh\w* synagogue torah halal faith worship\w* lutheran\w* methodist\w* baptist\w* anglican\w* evangelical\w*
        pentecostal\w* quaker\w* taois\w+ shinto\w* jain zoroastr\w+ baha'?i wicca\w* pagan\w* hijab niqab turban
        yarmulke
        sabbath shabbat lent\sfast eid communion confession\sto\sa\spriest rosary gospel psalms? scripture sermon
        parish\w*
        congregation pilgrimage hajj god-fearing believe\sin\sgod convert(?:ed)?\sto""",
    "politics": r"""activis[tm]\w* ballot campaign(?:s|ed|ing)?\sfor communis+\w+ conservative democrats? elections?
        labour\sparty left-wing liberal marxis\w+ nationalis\w+ parliament politic\w+ protest(?:s|ed|ing)?
        republicans? right-wing tory tories leftist\w* conservatives libertarian\w* anarchis\w+ feminis\w+ fascis\w+
        populis\w+
        (?:greens?|green\sparty|social\sdemocrats?)\svoter shop\ssteward union\s(?:rep|dues|meeting) picket\sline
        referendum petition(?:s|ed|ing)? party\smember socialis\w+ strike\saction trade\sunion union\smember vote[ds]?
        voting voter""",
    "origin": r"""ancestry asylum deport\w+ ethnic\w* green\scard immigra\w+ migrants? nationality naturali[sz]\w+
        native\samerican race racial aborigin\w+ biracial mixed-race ethnicit\w+ latin[oax] hispanic
        african-american person\sof\scolou?r of\s\w+\sdescent refugees? residence\spermit roma undocumented visa
        citizenship
        indigenous""",
    "money": r"""401\(?k\)? account\sbalance alimony arrears audit\w* bank\w* bankrupt\w* borrow\w* brokerage
        budgets? credit\s(?:cards?|limit|report|score) crypto\w* debts? deductible dividends? down\spayment
        earns? earned estate\splan\w* financ\w+ foreclos\w+ gambl\w+ income inherit\w* insur\w+
        interest\srate invest\w+ invoices? lend\w* loans? mortgage net\sworth overdraft overdue owes?
        paycheck payday payments? payroll pensions? portfolio refinanc\w+ rent retirement salary savings
        stocks taxes tax unemployed unemployment wages? welfare""",
    "law": r"""alleg(?:ed|ation|ations) arbitration arrest\w* attorney\w* bail barrister charged\swith complaint
        contract\w* convict\w+ copyright court\w* criminal custody defendant deposition divorc\w+ evict\w+
        felony fined fraud guardian\w* indict\w+ jail judge judgment jury lawsuits? lawyers? legal\w*
        liab\w+ litigat\w+ misdemeanou?r nda negligence notar\w+ parole patents? plaintiff plea police
        power\sof\sattorney prison probate probation prosecut\w+ restraining\sorder sentenced settlement
        solicitor subpoena sued suing testif\w+ theft trademark verdict warrant witness\w*""",
    "numbers": r"""driver'?s\slicen[cs]e iban national\sinsurance passport passwords? pin\s(?:code|number)
        social\ssecurity ssn tax\s(?:id|number) fingerprints?""",
}
PATTERNS = {
    category: re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE) for category, words in WORDS.items()
}
CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
SECURITY = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
MOST = 100_000
REMEMBERED: dict[int, frozenset[str]] = {}  # by hash, which means something in this process alone: no words are kept


def categories(record: Record) -> frozenset[str]:
    """Which kinds of what is sensitive a record holds; empty for most."""
    return of(line(record))


def of(text: str) -> frozenset[str]:
    """The same for any text; one that was looked at before is known by its hash."""
    key = hash(text)
    known = REMEMBERED.get(key)
    if known is None:
        if len(REMEMBERED) >= MOST:
            REMEMBERED.clear()
        known = REMEMBERED[key] = _found(text)
    return known


def _found(text: str) -> frozenset[str]:
    found = {category for category, pattern in PATTERNS.items() if pattern.search(text)}
    return frozenset(found | ({"numbers"} if _number(text) else set()))


def _number(text: str) -> bool:
    """Whether a number of a card, an account or a person stands in it."""
    cards = any(_luhn(re.sub(r"\D", "", match[0])) for match in CARD.finditer(text))
    accounts = any(_iban(match[0].replace(" ", "")) for match in IBAN.finditer(text))
    return cards or accounts or SECURITY.search(text) is not None


def _luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _iban(text: str) -> bool:
    """The check digits of bank accounts (ISO 13616)."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1
