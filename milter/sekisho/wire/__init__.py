"""The milter protocol: the only room that knows libmilter.

In come bytes and an `Envelope`; back goes an `Action`, edit by edit. One message: `session` collects,
`judging.judging_pool` has it judged while the session waits, `session` takes the action or a fallback, and `answer`
edits and replies.

| module | what it holds |
| --- | --- |
| `options` | configuration of the socket |
| `macros` | client and envelope, as Postfix tells them |
| `session` | libmilter's callbacks for one connection |
| `answer` | an action carried out through libmilter |
| `server` | the milter's side of a worker |
| `probe` | the first words of an MTA to a milter |
| `library` | the version of libmilter |

Nothing is imported here: `Milter` is loaded only by an import of `session` or `server`.
"""
