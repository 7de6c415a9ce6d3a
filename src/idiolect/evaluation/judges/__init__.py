"""Judges: somebody or something that says how good an answer is for one person.

A judge is a flow of `Ask` like a method, so that any model judges, alone or thousands in one batch. What a judge says
is never taken on trust: it names how often it could not be read, contradicted itself or went by position, and
`validate` holds it against labels that people gave or a world planted.

| file | what is asked |
|---|---|
| `asking` | how a model is asked, and what is read from its answer |
| `pairwise` | which of two answers, in both orders; for nobody in particular, or for the person described |
| `graded` | one to five by a rubric; each point of a checklist, yes or no |
| `aspects` | which aspects of the person's own text come back (ExPerT) |
| `oracle` | the same questions, answered by a world's planted truth |
| `quality` | disagreement, position bias, parse failures; agreement with labels |
| `page`, `raters` | a page on which people compare answers blindly, and what they said |
"""
