"""Files in the form that each official source documents, typed by hand; an argument makes the malformed twin."""

from __future__ import annotations

import json
from typing import Any

from idiolect.evaluation.benchmarks.preference import wikipersona as famous
from idiolect.evaluation.benchmarks.recommendation import recbench_plus as requests

Files = dict[str, Any]


def peft_u(field: str = "label") -> Files:
    said = [{"text": "What a day", field: ["Hateful"]}, {"text": "Go away", field: ["Non-hateful"]}]
    user = {"train": {"7": said[0]}, "val": {"8": said[1]}, "test": {"9": said[1]}}
    return {"tweeteval/user_data_leaked.json": {"0": user, "1": user}}


def wikipersona(kind: str = "personal") -> Files:
    row = {"name": "Ada", "prompt": "Where to go?", "yw": "To sea.", "yl": "Nowhere.", "question_type": kind}
    common = {**row, "name": "Ben", "question_type": "common", "axis": "sports"}
    lines = "\n".join(map(json.dumps, (row, common)))
    return dict.fromkeys(famous.CARD.files, lines)


def personalllm(choice: str = "a") -> Files:
    past: Files = {}
    for n in (1, 2):
        said = {f"prompt_{n}": f"Why {n}?", f"response_{n}_a": "So.", f"response_{n}_b": "Thus."}
        past |= {**said, f"chosen_{n}": choice}
    empty = {"prompt_3": None, "response_3_a": None, "response_3_b": None, "chosen_3": None}
    asks = {"test_prompt": "And now?", "best_response": "Go on.", "best_response_reward": 1.5}
    return {
        "test.jsonl": [{"person_id": 4, "person_weight": [0.5], "user_history_length": 2.0, **past, **empty, **asks}]
    }


def dpl(asin: str = "B2") -> Files:
    items = [{"asin": a, "title": f"Book {a}", "description": f"About {a}"} for a in ("B1", "B2")]
    review = {"rating": 4.0, "title": "Fine", "text": "It kept me awake.", "asin": "B1", "timestamp": 1300000000000}
    row = {"user_id": "U1", "profile": [review], "data": {**review, "asin": asin, "timestamp": 1400000000000}}
    return {"Books/test.jsonl": [row, {**row, "user_id": "U2"}], "Books/meta.jsonl": items}


def recbench_plus(field: str = "movie subset") -> Files:
    asked = {"data_idx": 3, "source_user": "12", "condition_num": 1, "movieSubset": ["Junior (1994)"]}
    words = {"situational_description_query": "Something with her?", "query": "Did she direct it?"}
    entry = {**asked, **words, "movieSubsetId": [256], "sharedRelationships": [["Starring", "Emma Thompson"]]}
    wish = {"reason": "They like twists.", "query": "What has a twist?", field: ["Pulp Fiction (1994)"]}
    group = {"data_idx": 0, "group_type": "age", "group": "25-34", "query & ground true": [{}, wish]}
    return {f"movie/{name}.json": [entry if asks else group] for name, asks in requests.QUERIES.items()}


def pdr_bench(user: str = "User1") -> Files:
    persona = {"userid": "User1", "Basic": {"Age": 41, "Hobbies": ["chess", "tea"]}, "Note": ""}
    query = {"id": 1, "taskid": 1, "userid": user, "domain": "Travel", "language": "en", "task": "Plan a week."}
    return {"persona_data/personas_en.jsonl": [persona], "prompt_data/queries250_en.jsonl": [query]}


ASKED = {
    "peft_u": (peft_u, "labels", "'label' is missing"),
    "wikipersona": (wikipersona, "divergent", "no question type 'divergent'"),
    "personalllm": (personalllm, "c", "neither a nor b"),
    "dpl": (dpl, "B9", "the item 'B9' is not in meta.jsonl"),
    "recbench_plus": (recbench_plus, "movies", "'movie subset' is missing"),
    "pdr_bench": (pdr_bench, "User2", "nobody has the id 'User2'"),
}
