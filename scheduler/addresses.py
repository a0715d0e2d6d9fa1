"""How a job's id stands in an address."""


class JobId:
    """Any text: the owner of a job makes its id, out of what people wrote in a spec."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
