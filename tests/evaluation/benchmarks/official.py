"""Files in the form that each official source documents, typed by hand; an argument makes the malformed twin."""

from __future__ import annotations

from typing import Any

from idiolect.evaluation.benchmarks.classification import lewidi as sets
from idiolect.evaluation.benchmarks.memory import personabench as bench
from idiolect.evaluation.benchmarks.memory import prefeval as topics

Files = dict[str, Any]


def locomo(day: str = "1:56 pm on 8 May, 2023") -> Files:
    turns = [
        {"speaker": "Ada", "dia_id": "D1:1", "text": "My parrot is called Polly."},
        {"speaker": "Ben", "dia_id": "D1:2", "text": "Look at this.", "blip_caption": "a red boat"},
    ]
    talk = {"speaker_a": "Ada", "speaker_b": "Ben", "session_1_date_time": day, "session_1": turns}
    asked = [
        {"question": "What is the parrot called?", "answer": "Polly", "evidence": ["D1:1"], "category": 4},
        {"question": "Who has a dog?", "adversarial_answer": "Ben", "evidence": [], "category": 5},
    ]
    return {"locomo.json": [{"sample_id": "conv-1", "conversation": talk, "qa": asked}]}


def prefeval(field: str = "classification_task_options") -> Files:
    stated = {"preference": "I avoid gluten.", "question": "Where to eat in Rome?", "explanation": "Pasta is wheat."}
    options = {**stated, field: ["A gluten-free kitchen", "Pizza", "Pasta", "Bread"]}
    made: Files = {f"explicit_preference/{t}.json": [stated] for t in topics.TOPICS}
    return {**made, **{f"mcq_options/{t}.json": [options] for t in topics.TOPICS}}


def personabench(segment: str = "000001") -> Files:
    asked = {"q_id": "q1", "question": "Where did I study?", "answer": "Oslo", "type": "Basic information"}
    gold = [{"q_id": "q1", "question": asked["question"], "answer": "Oslo", "segment_id": {"Oslo": [segment]}}]
    talk = {"session": "s1", "time": "2024/Oct/16/09:25 AM", "conversation": ["I went to Oslo"], "segment_id": "000001"}
    other = {"session": "s2", "time": "2024/Oct/17/09:25 AM", "purchase_history": ["a lamp"], "segment_id": "000002"}
    made: Files = {bench.CARD.files[0]: [{"Name": "Ann", "Eval_Info": {"qa": [{**asked, "difficulty": "easy"}]}}]}
    for noise in bench.NOISE:
        place = f"{bench.ROOT}/private_data/noise_{noise}"
        made[f"{bench.ROOT}/eval_info/qa_gt_context_all_noise_{noise}.json"] = gold
        groups = [{"Target_name": "Ben", "Conversations": [talk]}]
        made[f"{place}/conversation_data_all.json"] = [{"Name": "Ann", "Data": groups}]
        made[f"{place}/user_ai_interaction_data_all.json"] = []
        made[f"{place}/purchase_history_data_all.json"] = [{"Name": "Ann", "Data": [other]}]
    return made


def ikat(judgement: str = "9-1_1 0 1 2") -> Files:
    turn = {"turn_id": 1, "utterance": "Which one?", "resolved_utterance": "Which dish?", "ptkb_provenance": [2]}
    topic = {"number": "9-1", "title": "Dishes", "ptkb": {"1": "I am a vegan.", "2": "I live by the sea."}}
    made: Files = {f"2023_{part}_topics.json": [{**topic, "turns": [turn]}] for part in ("train", "test")}
    return {**made, "2023_ptkb_rel_nist": f"{judgement}\n9-1_1 0 2 0\n", "2023_ptkb_rel_org": "9-1_1 0 1 1\n"}


def cimemories(field: str = "recipient") -> Files:
    fact = {"value": "Married", "information_domain": "general", "event": "general", "memory_statement": "I am married"}
    one = {"bio": {"name": "Ada"}, "information_attributes": {"marital_status": fact}}
    person = {**one, "contexts": [{field: "Bank Loan Officer", "task": "Apply for a loan"}]}
    return {f"data_openai_gpt-oss-120b{part}.json": [person] for part in ("", "_extended")}


def lewidi(labels: str = "0,1") -> Files:
    item = {"annotation task": "offensiveness detection", "number of annotations": 2, "annotators": "Ann1,Ann2"}
    dialogue = '{"agent": "Hello", "user": "go away"}'
    mixed = {"text": {"post": "Rain again", "reply": "lovely"}, "annotations": {"Ann1": "0", "Ann2": "1"}}
    made: Files = {"MultiPICo-en/MP_dev.json": {"2": {**item, **mixed}}}
    for name in sets.SETS[:3]:
        text = dialogue if name == "ConvAbuse" else "What a day"
        for part in ("train", "dev"):
            made[f"{name}/{name}_{part}.json"] = {"1": {**item, "text": text, "annotations": labels}}
    return made


def personachat_consistency(kind: str = "label") -> Files:
    replies = {kind: ["i love it ."], "neg": ["i hate it ."], "similar": ["it is fine ."], "rand": ["a cat ."]}
    line = {"persona": ["i love jazz .", "i have a dog ."], "prefix": ["do you like jazz ?"], "candidates": replies}
    return {"valid_likedislike.jsonl": [{**line, "triple": ["i", "favorite_music"]}]}


def personalens(intent: str = "User Intent") -> Files:
    task = {intent: "Set an alarm at the usual time.", "Relevant Affinity Types": ["Alarm Time Preference"]}
    profile = {"affinities": {"Alarm": {"Alarm Time Preference": "7:00 AM", "Alarm Sound Preference": "birds"}}}
    folder = "profile/user1010"
    return {
        "res/schema.json": {},
        f"{folder}/profile.json": profile,
        f"{folder}/tasks.json": {"Task 1": {**task, "task_id": "SD-Alarm-task-1"}},
    }


def authorship(field: str = "body") -> Files:
    mine = [{"email": f"Dear all, number {i}", "subject": "News"} for i in range(20)]
    boxes = [{"id": f"{b}{i}", "mailbox": b, field: f"Hi {b}, {i}"} for b in ("allen-p", "beck-s") for i in range(20)]
    return {"panzamail/david_anonymous_clean.jsonl": mine, "aeslc/aeslc_sent.jsonl": boxes}


def synthetic_persona_chat(column: str = "Best Generated Conversation") -> Files:
    head = ["user 1 personas", "user 2 personas", column]
    rows = [head, ["I sing.\nI cook.", "I run, far.", "User 1: I sang!\nUser 2: I ran.\nUser 1: Good."]]
    return {"Synthetic-Persona-Chat_valid.csv": rows}


MORE = {
    "locomo": (locomo, "8 May 2023", "is no date"),
    "prefeval": (prefeval, "options", "'classification_task_options' is missing"),
    "personabench": (personabench, "000009", "no document has the segment '000009'"),
    "ikat": (ikat, "9-1_1 1 2", "not four columns"),
    "cimemories": (cimemories, "to", "'recipient' is missing"),
    "lewidi": (lewidi, "0,1,1", "3 labels of 2 annotators"),
    "personachat_consistency": (personachat_consistency, "gold", "no candidates of the four kinds"),
    "personalens": (personalens, "Intent", "'User Intent' is missing"),
    "authorship": (authorship, "text", "'body' is missing"),
    "synthetic_persona_chat": (synthetic_persona_chat, "Conversation", "the column 'Best Generated Conversation'"),
}
