"""Real readers who disagree: does knowing who judges a text tell how he judges it?

`python -m idiolect.experiments.annotators DATA --out FOLDER` runs methods on a frozen MiniLM whose last layer is open,
against logistic regressions of words with and without the reader's name, and against the same MiniLM that knows no
readers. DATA is StudEmo's folder, or one of LeWiDi's sets.

| file | what it does |
|---|---|
| `judgements` | reads the data, and splits it as its README says |
| `words` | the logistic regressions |
| `arms` | MiniLM, and the methods on it |
| `compare` | means over readers, and paired differences |
"""
