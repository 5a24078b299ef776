"""Why a server does not give a job's outcome."""

from __future__ import annotations

from flexiflow.errors import FlexiFlowError, Unavailable


class Busy(FlexiFlowError, Unavailable):
    """As many jobs as the server takes are under way: ask again a little later.

    In a candidate that asks a server it is what :class:`flexiflow.Unavailable` is.
    """


class Closed(FlexiFlowError, Unavailable):
    """The server takes no more jobs."""


class Late(FlexiFlowError, TimeoutError):
    """A job was not done by its deadline; what it did until then is in the log."""
