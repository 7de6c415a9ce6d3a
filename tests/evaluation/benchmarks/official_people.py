"""More files in official form, typed by hand: sets of dialogues, requests and judgements of many people."""

from __future__ import annotations

import json
from typing import Any

from idiolect.evaluation.benchmarks.preference import personafeedback as feedback

Files = dict[str, Any]


def hicupid(dialogue: int = 1) -> Files:
    turns = [("I loved the ferry to Oslo.", "Nice."), ("My cat is ill.", "Poor cat.")]
    rows = [{"user_id": 0, "dialogue_id": n, "user": u, "assistant": a} for n, (u, a) in enumerate(turns)]
    asked = {"user_id": 0, "question_id": 0, "question": "How is my cat?", "general_answer": "I cannot know."}
    gold = {"personalized_answer": "It is ill.", "type": "persona", "metadata": {"persona": {"entity": "cat"}}}
    return {
        "dialogue/train.jsonl": [{**r, "type": "persona"} for r in rows],
        "qa/test_1.jsonl": [{**asked, **gold, "dialogue_id": [dialogue]}],
        "qa/train.jsonl": [{**asked, **gold, "dialogue_id": [0]}],
    }


def implexconv(conversation: str = "1") -> Files:
    said = {"0": "Speaker1: I run daily.\nAssistant: Great.", "1": "Speaker1: I broke my leg.\nAssistant: Oh no."}
    asked = {"question": "What sport suits my leg?", "answer": "Swimming", "retrieved_conv_ids": [conversation]}
    opposed = {"conversation": said, "qa": [{**asked, "opposed_implicit_reasoning": "broke a leg"}]}
    files = {"ImplexConv_opposed.json": [opposed]}
    return {**files, "ImplexConv_supportive.json": [{"conversation": said, "qa": [asked]}]}


def membench(letter: str = "B") -> Files:
    when = {"time": "'2024-10-01 08:00' Tuesday", "place": "Boston, MA"}
    choices = {"A": "39", "B": "41", "C": "43", "D": "45"}
    asked = {"qid": 0, "question": "How old is my uncle?", "answer": "41", "choices": choices, "ground_truth": letter}
    talk = [
        [{"sid": 0, "user_message": "It rains.", "assistant_message": "It does.", **when}],
        [{"sid": 1, "user": "My uncle is 41 years old.", "assistant": "Noted.", **when}],
    ]
    told = [{"mid": 0, "message": "My uncle is 41 years old.", **when, "rel": "Uncle", "attr": "age", "value": "41"}]
    first = {"tid": 0, "message_list": talk, "QA": {**asked, "target_step_id": [[1, 1]], "time": when["time"]}}
    third = {"tid": 0, "message_list": told, "QA": {**asked, "target_step_id": [0], "time": when["time"]}}
    return {"FirstAgent/simple.json": {"roles": [first]}, "ThirdAgent/simple.json": {"roles": [third]}}


def personamem_v2(link: str = "data/chat_history/persona0.json") -> Files:
    said = [{"role": "system", "content": "The user loves opera."}, {"role": "user", "content": "I hum jazz tunes."}]
    history = {"metadata": {"persona_id": 0, "total_messages": 2}, "chat_history": said}
    head = ["persona_id", "chat_history_32k_link", "user_query", "correct_answer", "incorrect_answers", "pref_type"]
    query = "{'role': 'user', 'content': 'Any music?'}"
    rows = [
        ["0", link, query, "Some jazz tunes", '["An opera", "A march", "A waltz"]', "therapy_background"],
        ["0", link, "{'role': 'user', 'content': 'And now?'}", "More jazz", "['An opera', 'A march']", "stereotypical"],
    ]
    return {"benchmark/text/benchmark.csv": [head, *rows], "data/chat_history/persona0.json": history}


def personafeedback(user: str = "1") -> Files:
    people = [{"Name": "Ann", "Demographics": {"Age": 40}, "Preference": {"Food": ["ramen", "tea"]}, "Bias": None}]
    pair = {"user_id": user, "question": "Lunch?", "chosen": "Try ramen with tea.", "reject": "Try a burger."}
    made: Files = {feedback.PERSONAS: people}
    return {**made, **{f"data/{track}/{tier}.jsonl": [pair] for track in feedback.TRACKS for tier in feedback.TIERS}}


def _bought(category: str, rating: float, when: int) -> dict[str, Any]:
    product = {"title": f"A thing of {category}", "main_category": category, "parent_asin": f"B{when}", "price": None}
    return {"product_info": product, "review": {"rating": rating, "text": "fine", "timestamp": when}}


def personalwab(kind: str = "review") -> Files:
    owned = {
        "U1": [{**_bought("Books", 5.0, 10), "split": "history"}, {**_bought("Toys", 1.0, 90), "split": "test"}],
        "U2": [{**_bought("Tools", 2.0, 10), "split": "history"}],
    }
    asked = {"user_id": "U1", "task": "Something to read?", "timestamp": 50, "target": _bought("Books", 4.0, 50)}
    return {
        "user_history.json": owned,
        "user_instructions.json": {"train": [], "test": [{**asked, "type": "search"}, {**asked, "type": kind}]},
    }


def _comment(author: str, score: int, hour: int, replies: list[Any]) -> dict[str, Any]:
    said = f"{author} says {score}"
    return {
        "author": author,
        "body": said,
        "score": score,
        "timestamp": f"2023-01-01T{hour}:00:00Z",
        "replies": replies,
    }


def personaconvbench(field: str = "comments") -> Files:
    def post(author: str, scores: tuple[int, int, int]) -> dict[str, Any]:
        own = [_comment(author, s, 11 + n, []) for n, s in enumerate(scores)]
        talk = [_comment(who, 1, 10, [reply]) for who, reply in zip(("x", "y", "z"), own, strict=True)]
        head = {"title": "T", "author": author, "url": "u", "score": 9, "content": "C", "__sub__": "books"}
        return {**head, "timestamp": "2023-01-01T09:00:00Z", field: talk}

    return {"Raw_Data_Postized.json": [post("ann", (2, 5, 3)), post("ben", (-4, -6, -5)), post("cat", (1, 40, 2))]}


def lamp_qa(field: str = "rubric_aspects") -> Files:
    rubric = [{"aspect": "Names a beginner's lens", "reason": "asked", "evidence": "I am new to this"}]
    before = [{"id": "7", "category": "photo", "text": "How do I hold a camera still?"}]
    asked = {"id": "8", "question": "Which lens?", "narrative": "I am new to this.", "category": "photo"}
    return {"Art_and_Entertainment_test.json": [{**asked, field: rubric, "profile": before}]}


def bespoke(field: str = "query-id") -> Files:
    key = {"user": "user1", field: "1"}
    return {
        "queries/query_table.jsonl": [{**key, "query": "Why tax?", "gold_information_need": "the history"}],
        "gold_information/gold_information.jsonl": [
            {
                **key,
                "id": "a",
                "gold_information_value": json.dumps({"gold_information": ["Roads cost.", "Wars cost."]}),
            },
            {**key, "id": "b", "gold_information_value": "Schools cost."},
        ],
        "personalized_rubric/personalized_rubric.jsonl": [{**key, "id": "c", "personalized_rubric_value": "Be brief."}],
        "chat_history/chat_history.jsonl": [{"user": "user1", "id": "d", "history": "user: hello"}],
        "search_history/search_history.jsonl": [{"user": "user1", "id": "e", "history": "tax rates"}],
    }


PEOPLE = {
    "hicupid": (hicupid, 9, "no document has the id '9'"),
    "implexconv": (implexconv, "7", "no document has the id '7'"),
    "membench": (membench, "E", "no choice 'E'"),
    "personamem_v2": (personamem_v2, "../gone.json", "its history '../gone.json' is not there"),
    "personafeedback": (personafeedback, "9", "no persona is on line '9'"),
    "personalwab": (personalwab, "buy", "no kind 'buy'"),
    "personaconvbench": (personaconvbench, "replies", "'comments' is missing"),
    "lamp_qa": (lamp_qa, "aspects", "'rubric_aspects' is missing"),
    "bespoke": (bespoke, "query_id", "'query-id' is missing"),
}
