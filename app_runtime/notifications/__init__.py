"""Messages of runs to people, and what became of each."""
