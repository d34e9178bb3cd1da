"""What can go wrong, in sentences for a person; the edge maps each to an HTTP status."""


class ClinicError(Exception):
    """A rule said no. The message is shown to the person as it stands."""

    status = 422
    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        self.message = str(message)  # in the language of who is refused
        super().__init__(self.message)
        self.details = details


class NotFound(ClinicError):
    """There is no such row, or it is not this person's to see: the answer is the same."""

    status = 404
    code = "not_found"


class Forbidden(ClinicError):
    """The row may be seen, but this move on it is not this person's to make."""

    status = 403
    code = "forbidden"


class Conflict(ClinicError):
    """Another row stands in the way: a taken time, a name in use, a row that others need."""

    status = 409
    code = "conflict"


class Stale(ClinicError):
    """The row was changed by someone else since this person read it."""

    status = 412
    code = "stale"


class DeclarationError(Exception):
    """A declaration that cannot be meant: the application refuses to start and names it."""
