"""What backup and restore refuse; every message is a sentence that says what to do."""


class ArchiveError(Exception):
    """A backup or a restore could not be made."""


class BackupFailed(ArchiveError):
    """No backup was made, and nothing else was changed."""


class RestoreRefused(ArchiveError):
    """A backup is not restored, and nothing was changed."""


class RestoreUnfinished(ArchiveError):
    """An earlier restore was interrupted between the old state and the new one."""


class WritersBusy(ArchiveError):
    """The writers could not be held at this moment; the next moment may do."""
