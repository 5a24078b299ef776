"""What a lesson on a workflow shows: measured once on every path, then compared.

    extras     which packages a lesson needs, told in one line
    record     every path of a workflow on every job: seconds, checks, and whether it is right
    replay     FlexiFlow itself on such a record, through the real runner
    policies   single configurations, trial one after the other, the best order, the oracle
    plain      plain Thompson sampling, one try a job
    report     the tables, the three numbers, and whether switching pays at all
    goals      how much more right, and in how much less time, and whether that was the goal
    picture    from which job on it has paid

Other examples and their notebooks are built on it.
"""

from flexiflow.examples.lessons.goals import goals
from flexiflow.examples.lessons.picture import figure
from flexiflow.examples.lessons.record import Record, record
from flexiflow.examples.lessons.replay import flexiflow_on
from flexiflow.examples.lessons.report import Lesson, lesson

__all__ = ["Lesson", "Record", "figure", "flexiflow_on", "goals", "lesson", "record"]
