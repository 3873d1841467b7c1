"""Two periods of one place: the same task found again, and what became of it."""
