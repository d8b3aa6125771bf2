"""The events of the log. Each is declared once, with its level and its fields; nothing else is written as an event.

| module | has |
| --- | --- |
| `declaration` | what an event and a field are, and how an event is written |
| `lifecycle` | start, reload, stop, processes |
| `mail` | messages, and what went wrong on one |
| `keeping` | store, quarantine, retention, lists, and the memories beside the store |
| `watching` | readiness, metrics, guard, switch, observers, and the log itself |
| `table` | all of them |
| `schema` | the JSON Schema of a line, and the text of `docs/events.md` |

An event says what happened, for programs. A sentence for people may come with it, under the key `text`.
"""
