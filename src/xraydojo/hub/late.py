"""The late policy of `course.yaml`, as a plug-in of nbgrader."""

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

_DAY = 86_400  # seconds


class PerDay(LateSubmissionPlugin):
    """Each day begun after the due date costs a part of the points that were earned."""

    part = Float(0, help="The part of the points that a day costs, 0 to 1.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Return the points that are taken off: never more than were earned.

        Parameters
        ----------
        student_id : str
        score : float
            What the submission earned.
        total_seconds_late : float
        """
        return score * min(1.0, self.part * math.ceil(max(0.0, total_seconds_late) / _DAY))
