"""LlamaIndex through the service: change the base URL, name the user.

pip install llama-index-llms-openai-like
idiolect serve
export OPENAI_BASE_URL=http://127.0.0.1:8321/v1 OPENAI_API_KEY=TOKEN
python examples/llamaindex_chat.py ann "Where does my sister live?"
"""

from __future__ import annotations

import os
import sys

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike


def ask(user: str, question: str, model: str = "embedded") -> str:
    """An answer in a user's own terms."""
    llm = OpenAILike(
        model=model,
        api_base=os.environ["OPENAI_BASE_URL"],
        api_key=os.environ["OPENAI_API_KEY"],
        is_chat_model=True,
        temperature=0,
        max_retries=0,
        additional_kwargs={"user": user},
    )
    return str(llm.chat([ChatMessage(role="user", content=question)]).message.content)


if __name__ == "__main__":
    sys.stdout.write(f"{ask(*sys.argv[1:3])}\n")
