"""Measures the judgement on all cases below a folder.

Two errors count: a fake that is delivered and a genuine mail that is held. `rows` judges, `measure` counts.
"""

from sekisho.evaluation.rows import CaseRow, Omissions, files_below, judge_files
from sekisho.evaluation.rows_file import RowsFileError, rows_file

__all__ = ["CaseRow", "Omissions", "RowsFileError", "files_below", "judge_files", "rows_file"]
