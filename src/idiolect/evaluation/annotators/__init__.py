"""Real readers who disagree: does knowing who judges a text tell how he judges it?

`python -m idiolect.evaluation.annotators DATA TASK --out FOLDER` runs methods on a frozen MiniLM whose last layer is
open, against the benchmark's logistic regressions of words with and without the reader's name, and against the same
MiniLM that knows no readers. DATA is StudEmo's folder and TASK an emotion, or LeWiDi's folder and one of its sets.

| file | what it does |
|---|---|
| `judgements` | the benchmark's data as records |
| `arms` | MiniLM, and the methods on it |
| `compare` | means over readers, and paired differences |
"""
