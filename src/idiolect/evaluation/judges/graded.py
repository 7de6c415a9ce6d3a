"""One answer at a time: a grade by a rubric, or the points of a checklist, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.requests import Flow
from idiolect.evaluation.judges.asking import choice, number, said

LOW, HIGH = 1.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """In [0, 1]; None where nothing could be read. `unread`: how many of the `asked` points could not be."""

    value: float | None
    asked: int
    unread: int
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """What each of the grades 1 to 5 stands for, from the worst to the best."""

    criterion: str
    levels: tuple[str, str, str, str, str]
    to: str = "base"

    def flow(self, question: str, answer: str, persona: str = "") -> Flow[Grade]:
        """Asks once; the grade is stretched to [0, 1]."""
        levels = "\n".join(f"{n}: {what}" for n, what in enumerate(self.levels, 1))
        known = f"What is known of the person who asks:\n{persona}\n\n" if persona else ""
        prompt = (
            f"{known}Question:\n{question}\n\nAnswer:\n{answer}\n\n"
            f"Grade the answer by this alone: {self.criterion}\n{levels}\nReply with:\nGrade: a number from 1 to 5"
        )
        text = yield from said(prompt, self.to)
        grade = number(text, "Grade", LOW, HIGH)
        value = None if grade is None else (grade - LOW) / (HIGH - LOW)
        return Grade(value=value, asked=1, unread=int(grade is None), texts=(text,))


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """Points that a good answer for this person meets; the grade is the share of those read that it does."""

    to: str = "base"

    def flow(self, question: str, answer: str, points: Sequence[str]) -> Flow[Grade]:
        """Asks once a point, so that one does not colour the next."""
        met, texts = [], []
        for point in points:
            prompt = (
                f"Question:\n{question}\n\nAnswer:\n{answer}\n\nDoes the answer meet this?\n{point}\n\n"
                "Reply with:\nMet: yes or no"
            )
            text = yield from said(prompt, self.to)
            texts.append(text)
            met.append(choice(text, "Met", ("yes", "no")))
        read = [m for m in met if m is not None]
        value = sum(m == "yes" for m in read) / len(read) if read else None
        return Grade(value=value, asked=len(met), unread=len(met) - len(read), texts=tuple(texts))
