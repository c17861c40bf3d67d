"""nbgrader on XrayDojo's notebooks, with XrayDojo's grading inside.

Copy this file into a folder of your class and run nbgrader there:

    nbgrader generate_assignment 02_perceptron --force
    nbgrader autograde 02_perceptron

``submitted/``, ``autograded/``, ``feedback/`` and ``gradebook.db`` stand in that folder; the notebooks come from the repository, and the
first command registers them in the gradebook. The variable ``DOJO_LANG`` chooses their language: ``ja``, which is the default, or ``en``.
"""

import os

from xraydojo.build import STUB
from xraydojo.lesson import REPOSITORY

c = get_config()  # noqa: F821

language = os.environ.get("DOJO_LANG", "ja")
if language not in STUB:
    # nbgrader would go on after any other exception, without this file
    raise SystemExit(f"DOJO_LANG must be {' or '.join(STUB)}, not {language!r}")

c.CourseDirectory.course_id = f"xraydojo-{language}"
c.CourseDirectory.source_directory = str(REPOSITORY / "solutions" / language)
c.CourseDirectory.release_directory = str(REPOSITORY / "exercises" / language)

c.ClearSolutions.code_stub = {"python": STUB[language]}
# a demo may train for longer than nbgrader's 30 seconds a cell
c.ExecutePreprocessor.timeout = 300

# nbgrader's autograde, its formgrader and its feedback, with XrayDojo's sandbox and pages inside
c.Autograde.sanitize_preprocessors = ["xraydojo.grade.steps.Grade"]
c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "xraydojo.grade.steps.KeepReport",
]
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
c.GenerateFeedback.exporter_class = "xraydojo.grade.steps.FeedbackExporter"
# a learner's file of this name is not taken for ours
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "report.json"]
