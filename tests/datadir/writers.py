"""Two processes that write the JSON files of a data directory and are killed in the midst of it.

``python -m tests.datadir.writers SECONDS`` does so in ``HALO_DATA_DIR`` and prints how often. A writer
reports a number after its write has returned; a number that was reported and is not in the file is a lost
write. It runs by itself, because a test process has threads, which do not go together with `fork`.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

Writer = Callable[[str, int], object]
LONGEST_LIFE = 0.15  # seconds


def advances() -> dict[str, Writer]:
    """For each file how a writer called ``name`` puts its next number there."""
    from halo_site.datadir import space_index
    from halo_site.datadir.config import update_config
    from halo_site.datadir.secrets import set_secret

    def put_space(name: str, number: int) -> None:
        entry = {"path": f"/srv/{name}", "name": str(number), "icon": "folder", "sortOrder": number}
        space_index.update(lambda content: {**content, "spaces": {**content["spaces"], name: entry}})

    return {
        "config.json": lambda name, number: update_config(name, {"count": number}),
        "secrets.json": lambda name, number: set_secret(name, str(number)),
        "spaces-index.json": put_space,
    }


def number_in(file: str, content: dict[str, Any], name: str) -> int:
    """The number of that writer which stands in the file; 0 where none does."""
    if file == "config.json":
        return int(content.get(name, {}).get("count", 0))
    if file == "secrets.json":
        return int(content.get(name, 0))
    return int(content["spaces"].get(name, {}).get("name", 0))


def read(file: str) -> dict[str, Any]:
    """The file as it is now. A torn one is a JSON error."""
    from halo_site.datadir.paths import data_dir

    content = json.loads((data_dir().root / file).read_bytes())
    assert isinstance(content, dict)
    return content


class Child:
    """A process that writes all files in turn, until it is killed."""

    def __init__(self, name: str, numbers: dict[str, int]) -> None:
        self.name = name
        self.told = dict(numbers)
        self.output, into = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self._write(into)
        os.close(into)

    def kill(self) -> None:
        """Kill it wherever it is, and hear what it had reported by then."""
        os.kill(self.pid, signal.SIGKILL)
        _pid, status = os.waitpid(self.pid, 0)
        assert os.WIFSIGNALED(status), f"{self.name} ended by itself"
        with os.fdopen(self.output) as lines:
            for line in lines:
                file, number = line.split()
                self.told[file] = int(number)

    def _write(self, into: int) -> None:
        """Without the pipes of others, so that it ends when nobody hears it any more."""
        os.closerange(3, into)
        os.closerange(into + 1, 256)
        try:
            while True:
                for file, advance in advances().items():
                    self.told[file] += 1
                    advance(self.name, self.told[file])
                    os.write(into, f"{file} {self.told[file]}\n".encode())
        finally:
            os._exit(1)


def write_and_kill(seconds: float, chance: random.Random) -> Counter[str]:
    """Kill one writer after the other and look at the files each time; returns kills and writes."""
    seen = {name: dict.fromkeys(advances(), 0) for name in ("left", "right")}
    for name, numbers in seen.items():  # so that every file is there and none is made by a killed process
        for file, advance in advances().items():
            numbers[file] = 1
            advance(name, 1)
    children = {name: Child(name, numbers) for name, numbers in seen.items()}
    counted: Counter[str] = Counter()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(0.01, LONGEST_LIFE))
        name = chance.choice(sorted(children))
        children[name].kill()
        counted["kills"] += 1
        counted["writes"] += look(children, name, seen)
        children[name] = Child(name, seen[name])
    for name, child in children.items():
        child.kill()
        look(children, name, seen)
    return counted


def look(children: dict[str, Child], killed: str, seen: dict[str, dict[str, int]]) -> int:
    """Whether all that was reported is there, and nothing of the other one went; returns new writes."""
    new = 0
    for file in advances():
        content = read(file)
        for name, numbers in seen.items():
            number = number_in(file, content, name)
            assert number >= numbers[file], f"{file}: {name} fell from {numbers[file]} to {number}"
            if name == killed:  # the write that was under way may be there, or not
                told = children[name].told[file]
                assert number in (told, told + 1), f"{file}: {name} reported {told}, and {number} is there"
                new += number - numbers[file]
            numbers[file] = number
    return new


def main() -> None:
    django.setup()
    from halo_site.datadir.paths import data_dir

    data_dir().prepare()
    counted = write_and_kill(float(sys.argv[1]), random.Random(7))
    assert not list(data_dir().root.glob("*.corrupt-*"))
    print(json.dumps(counted))


if __name__ == "__main__":
    main()
