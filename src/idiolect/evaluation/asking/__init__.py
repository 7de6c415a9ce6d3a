"""Asking under every arm: which model, whose data, which training, in what batches, in how many processes."""
