"""The judgement measured on cases: every case under a folder, and what the two errors are.

Two errors count: a fake delivered and a genuine mail held. `rows` judges, `measure` counts.
"""

from sekisho.evaluation.rows import Asked, CaseRow, files_below, judge_files

__all__ = ["Asked", "CaseRow", "files_below", "judge_files"]
