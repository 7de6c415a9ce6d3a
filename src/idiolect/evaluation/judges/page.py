"""A page on which a person compares answers blindly: nothing says which system gave which.

One file that works without a network. Order of pairs and sides are drawn for each rater; checks whose better side is
known stand between; what was said is kept in the browser, under the study, its words and the rater, so that a rater
goes on where he stopped and meets nobody else's answers, and is saved as JSON, which `raters` reads.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from idiolect.evaluation.judges.pairwise import Pair
from idiolect.evaluation.judges.study import Study

CHECK = "check/"  # ids of pairs that test attention
DECOY = "Please do not choose this answer: it is a check."
STYLE = """body{margin:2rem auto;max-width:52rem;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}
.two{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr))}
.card{border:1px solid #888;border-radius:.5rem;padding:1rem;white-space:pre-wrap}
button{font:inherit;padding:.5rem 1rem;margin:.3rem}:focus-visible{outline:3px solid #2467c4}"""
SCRIPT = """const items=JSON.parse(document.getElementById('items').textContent);
const at=id=>document.getElementById(id);const {study,digest,rater}=document.body.dataset;
const key='idiolect/'+JSON.stringify([study,digest,rater]);let said={};
try{said=JSON.parse(localStorage.getItem(key)||'{}')}catch{at('kept').hidden=false}
function show(){const i=items.findIndex(x=>!(x.id in said));
at('bar').textContent=Object.keys(said).length+' of '+items.length;
if(i<0){at('ask').hidden=true;at('done').hidden=false;at('save').href=URL.createObjectURL(new Blob([JSON.stringify(
{study,digest,rater,said})],{type:'application/json'}));return}
const x=items[i];for(const f of['persona','question','left','right'])at(f).textContent=x[f];
at('known').hidden=!x.persona;
document.querySelectorAll('button').forEach(b=>b.onclick=()=>{said[x.id]={choice:b.value,left:x.shows};
try{localStorage.setItem(key,JSON.stringify(said))}catch{at('kept').hidden=false}show()})}show()"""


def page(study: Study, rater: str) -> str:
    """The page of one rater, as HTML."""
    draw = Random(f"{study.name}/{rater}")
    items = [*study.pairs, *_checks(study)]
    draw.shuffle(items)
    shown = [_item(pair, draw.random() < 0.5) for pair in items]
    inside = json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c")  # no text may end the script
    name, who = html.escape(study.name, quote=True), html.escape(rater, quote=True)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Which answer is better?</title>
<style>{STYLE}</style></head><body data-study="{name}" data-digest="{study.digest}" data-rater="{who}">
<p id="bar" role="status"></p><p id="kept" role="alert" hidden>This browser keeps nothing: do not close the page.</p>
<main id="ask"><div id="known"><h2>Who asks</h2><p id="persona" class="card"></p></div>
<h2>Question</h2><p id="question"></p><div class="two"><div><h3>Left</h3><div class="card" id="left"></div></div>
<div><h3>Right</h3><div class="card" id="right"></div></div></div>
<p><button value="left">Left is better</button><button value="tie">No difference</button>
<button value="right">Right is better</button></p></main>
<p id="done" hidden>That was all. <a id="save" download="{name}-{who}.json">Save the answers</a></p>
<script id="items" type="application/json">{inside}</script><script>{SCRIPT}</script></body></html>"""


def _checks(study: Study) -> Sequence[Pair]:
    """Pairs with one answer to another question: the first side is the better."""
    return [replace(pair, id=f"{CHECK}{n}", second=DECOY) for n, pair in enumerate(study.pairs[: study.checks])]


def _item(pair: Pair, exchanged: bool) -> dict[str, str]:
    left, right = (pair.second, pair.first) if exchanged else (pair.first, pair.second)
    shows = "second" if exchanged else "first"
    item = {"id": pair.id, "question": pair.question, "persona": pair.persona, "left": left, "right": right}
    return {**item, "shows": shows}
