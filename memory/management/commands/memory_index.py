from argparse import ArgumentParser
from typing import Any

from halo_site.management.base import HaloCommand
from memory.index import IndexedDocument

PIECE = 500  # files between two lines of progress


class Command(HaloCommand):
    help = "Indexes the memory files that no search finds yet; with --again, all of them anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="index every file anew")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["again"]:
            IndexedDocument.objects.list_again()
        done = 0
        while count := IndexedDocument.index_waiting(PIECE):
            done += count
            self.stdout.write(f"{done:,} files indexed")
        self.stdout.write("Every memory file that Halo Site knows of is indexed.")
