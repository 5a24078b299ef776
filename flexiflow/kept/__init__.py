"""A run as JSON that a notebook keeps: what pages show of it where there is no kernel.

The MIME type is :data:`MIME`. What the JSON holds is described by the JSON Schema that
:func:`schema` gives; a reader that meets a higher ``version`` than it knows should say so and
show nothing of it. Within a version fields may be added, none is taken away.
"""

from __future__ import annotations

from flexiflow.kept.run import MIME, MOST, VERSION, kept, schema

__all__ = ["MIME", "MOST", "VERSION", "kept", "schema"]
