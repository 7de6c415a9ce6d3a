"""Worlds: people with planted truth, in readable text, with exact oracles.

| file | what it plants or scores |
|---|---|
| `language` | frames and words from `lexicon.toml` or a stranger's file; the held-out fifth |
| `words` | fresh made-up words |
| `facts` | favourites, relations, private meanings, single facts; updates; clutter; questions |
| `style` | openers, casing, marks, emoticons, sign-offs, choice of verbs, length |
| `tastes` | tags, ratings, choices, weights over the features of a reply; groups |
| `people` | one person: truth, dated records, later probes |
| `oracles` | the score of any answer |
| `world` | a population, from a seed or from JSON |
"""
