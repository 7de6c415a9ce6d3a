"""Grades that a judge gave: preferences followed, aligned to, and better so over turns."""
