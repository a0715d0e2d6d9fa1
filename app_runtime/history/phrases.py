"""What synthetic runs say. Plain sentences of the kind that people read on the real pages."""

REPORTS = (
    "Looked at 12 pages, nothing of note changed since the last time.",
    "Two prices moved: the kettle is down to 17.20, the toaster up to 34.90.",
    "The weekly table is ready; three rows are new.",
    "Read 48 messages, filed 41, left 7 for later.",
    "The backup of last night is complete and was read back.",
    "Four pages answer slower than a second; the list is below.",
    "检查了 12 个页面。没有变化。",
    "Nothing failed and nothing waits. The next look is at the usual time.",
)
NOTHING = (
    "Nothing has changed since the last run.",
    "The page was not updated today.",
    "There was no new message.",
)
NEWS = (
    "Half of the pages are read.",
    "Lowest price of this year.",
    "The first of three lists is done.",
    "The file was fetched; 1,204 rows.",
)
OUTPUTS = ("The table of this week is ready.", "The list lies beside the others.")
FAILURES = (
    "The page answered 503 three times; the run was given up.",
    "The provider refused the request: rate limit reached, try again in 20 s.",
    "interrupted: its worker was stopped",
    "The run reached its cap of 100 model turns.",
    "The run ended without a report, although it was told 3 times to go on.",
    "The name shop.example.com could not be resolved.",
    "The connection was closed in the middle of an answer.",
)
SKIPS = (
    ("overlap", "a run of this app was still running"),
    ("limit", "all workers were busy for too long"),
    ("paused", "the app was paused"),
    ("filter", "no rule matched"),
)
QUESTIONS: tuple[tuple[str, list[str]], ...] = (
    ("Order it now?", ["Yes", "Wait"]),
    ("Two invoices have the same number. Which one counts?", ["The older one", "The newer one", "Neither"]),
    ("The page asks for a new address. What should I enter?", []),
    ("May I archive the 312 messages from before June?", ["Yes", "No"]),
)
MODELS = ("gpt-4o-mini", "gpt-4.1", "claude-sonnet-4-5", "claude-haiku-4-5", "mistral-small-latest", "")
