"""Planning how a workflow is served, from what it has learned and what was measured.

:mod:`.profiling` measures candidates, :mod:`.known` joins that with the log and the beliefs,
:mod:`.asking` plans, :mod:`.fronts` shows the front, :mod:`.provisioned` gives a workflow the
methods.
"""

from flexiflow.provisioning.asking import pareto, plan
from flexiflow.provisioning.fronts import Front
from flexiflow.provisioning.known import problem_of, profile_of
from flexiflow.provisioning.profiling import profile
from flexiflow.provisioning.provisioned import Provisioned

__all__ = ["Front", "Provisioned", "pareto", "plan", "problem_of", "profile", "profile_of"]
