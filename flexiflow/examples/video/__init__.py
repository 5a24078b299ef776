"""Video: what moves in a clip is detected, then followed from frame to frame.

    clips      the clips, made with exact truth: eight kinds of trouble
    detectors  the candidates of the first step
    trackers   the candidates of the second step
    checks     what good tracks are, without the truth; what is seen of a clip at a glance
    truth      whether tracks are right
    workflow   the workflow itself, ``video``

It needs the packages of the extra ``video``: ``pip install 'flexiflow[video]'``.
"""

from flexiflow.examples.video.checks import glance, lasting, leap, new_look, overlooked, settled
from flexiflow.examples.video.clips import KINDS, clips
from flexiflow.examples.video.truth import followed, idf1
from flexiflow.examples.video.workflow import PACKAGES, video

__all__ = [
    "KINDS", "PACKAGES", "clips", "followed", "glance", "idf1", "lasting", "leap", "new_look",
    "overlooked", "settled", "video",
]  # fmt: skip
