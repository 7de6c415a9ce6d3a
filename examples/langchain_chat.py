"""LangChain through the service: change the base URL, name the user.

pip install langchain-openai
idiolect serve
export OPENAI_BASE_URL=http://127.0.0.1:8321/v1 OPENAI_API_KEY=TOKEN
python examples/langchain_chat.py ann "Where does my sister live?"
"""

from __future__ import annotations

import sys

from langchain_openai import ChatOpenAI


def ask(user: str, question: str, model: str = "embedded") -> str:
    """An answer in a user's own terms."""
    chat = ChatOpenAI(model=model, temperature=0, max_retries=0, model_kwargs={"user": user})
    return str(chat.invoke(question).content)


if __name__ == "__main__":
    sys.stdout.write(f"{ask(*sys.argv[1:3])}\n")
