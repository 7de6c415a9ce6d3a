"""One file a signal: what it sees in a question and a corpus, as one number a document."""
