"""The data of each panel, apart from any picture: from the log, the outcomes and the sampler."""

from __future__ import annotations

from flexiflow.panels.mark import Mark
from flexiflow.panels.watch import RunWatch

__all__ = ["Mark", "RunWatch"]
