"""Plan before you serve: variants, batch sizes and replicas under a latency SLA.

:mod:`.profiles` and :mod:`.curves` hold what is known of seconds, :mod:`.problem` says what is
to be planned, :mod:`.reducing` joins branches, :mod:`.search` finds the exact front of accuracy
and cost, :mod:`.planner` the plan, :mod:`.infeasible` says why there is none,
:mod:`.simulation` runs a plan under load, :mod:`.adapting` plans again as the load changes.
"""

from flexiflow.planning.adapting import Adapter, follow
from flexiflow.planning.arriving import poisson, trace
from flexiflow.planning.curves import Curve, Seconds, fit
from flexiflow.planning.infeasible import Infeasible
from flexiflow.planning.planner import Pareto, pareto, plan
from flexiflow.planning.plans import Placed, Plan
from flexiflow.planning.problem import Demand, Offer, Problem, Step, offers
from flexiflow.planning.profiles import Profile
from flexiflow.planning.serving import layout, simulate
from flexiflow.planning.simulation import Layout
from flexiflow.planning.stations import Fault, Load, Station
from flexiflow.planning.waiting import erlang_c, mean_wait, tail_wait, visits

__all__ = [
    "Adapter",
    "Curve",
    "Demand",
    "Fault",
    "Infeasible",
    "Layout",
    "Load",
    "Offer",
    "Pareto",
    "Placed",
    "Plan",
    "Problem",
    "Profile",
    "Seconds",
    "Station",
    "Step",
    "erlang_c",
    "fit",
    "follow",
    "layout",
    "mean_wait",
    "offers",
    "pareto",
    "plan",
    "poisson",
    "simulate",
    "tail_wait",
    "trace",
    "visits",
]
