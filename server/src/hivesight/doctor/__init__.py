"""Reads the files that a team's monitoring runs on and says what in them will not do what its author meant.

`workspace` reads and classifies the files, the modules named after kinds of files judge them, `promql/` judges
expressions, `catalog` lists the checks, `suppression` listens to comments that disable one, `report/` shows what was
found. `check_paths` is the door.
"""

from hivesight.doctor.catalog import CHECKS, Check
from hivesight.doctor.examination import Examination, check_paths
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.fixes import Fixed, fix

__all__ = ["CHECKS", "Check", "Edit", "Examination", "Finding", "Fixed", "check_paths", "fix"]
