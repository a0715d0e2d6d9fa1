"""Questions to people: asked, answered, dismissed, reminded of, expired (BEHAVIOUR, Escalations)."""
