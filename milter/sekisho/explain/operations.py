"""What was done to held mail, in words: a line of the audit as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sekisho.explain.sections import Bilingual

EXPORTED = "exported"  # the note of a look at the source that wrote it to a file
_WORDS: Mapping[str, Bilingual] = MappingProxyType(
    {
        "delete": Bilingual("deleted", "削除"),
        "expire": Bilingual("expired", "期限切れ"),
        "purge": Bilingual("purged", "完全に削除"),
        "view": Bilingual("source read", "原文を表示"),
        "retention": Bilingual("retention resumed", "保持期間の処理を再開"),
        "label": Bilingual("labelled", "ラベル付け"),
        "list_add": Bilingual("added to a list", "リストに追加"),
        "list_remove": Bilingual("removed from a list", "リストから削除"),
        "pause": Bilingual("paused", "一時停止"),
        "resume": Bilingual("resumed", "再開"),
    }
)
_RELEASED: Mapping[str, Bilingual] = MappingProxyType(
    {
        "ok": Bilingual("released", "解放"),
        "failed": Bilingual("release failed", "解放に失敗"),
        "unavailable": Bilingual("release failed", "解放に失敗"),
        "uncertain": Bilingual("release uncertain", "解放の結果不明"),
    }
)


def operation_words(operation: str, result: str, note: str = "") -> Bilingual:
    """What was done, and how it ended. A row of another version may have other words: they stay as they are."""
    if operation == "release" and result in _RELEASED:
        return _RELEASED[result]
    if operation == "view" and note == EXPORTED:
        return Bilingual("exported", "書き出し")
    words = _WORDS.get(operation, Bilingual.same(operation))
    return words if result == "ok" else Bilingual(f"{words.en}: {result}", f"{words.ja}: {result}")


def operation_details(operation: str, reason: str, note: str) -> str:
    """What else the audit says of it: the reason and the note, nothing twice."""
    if operation == "view" and note == EXPORTED:
        note = ""
    if note.startswith(reason):  # the note of a change of a list begins with the list's name
        reason = ""
    return ": ".join(filter(None, (reason, note)))
