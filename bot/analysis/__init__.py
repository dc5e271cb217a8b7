"""Pure: rows become facts, facts become drift and outliers, and those a ranked report."""

from bot.analysis.case import Case
from bot.analysis.fold import Fold
from bot.analysis.judging import judge, judge_folded

__all__ = ["Case", "Fold", "judge", "judge_folded"]
