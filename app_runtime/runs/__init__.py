"""The pages about runs: one, many, and several at once."""
