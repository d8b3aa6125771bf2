"""The milter protocol: the only room that knows libmilter.

It is handed what judges a message (`Handlers`) and knows nothing of checks or stores. In come bytes and an `Envelope`;
back goes an `Action`, edit by edit. One message: `session` collects, `judging_pool` has it judged while the session
waits, `session` takes the action or a fallback, and `answer` edits and replies.

| module | what it holds |
| --- | --- |
| `options` | configuration of the socket, the workers and the deadlines |
| `handlers` | what `service` must provide |
| `listen` | the listening socket |
| `probe` | a test whether our own socket answers |
| `collect` | the bytes of one message, as they come in |
| `session` | libmilter's callbacks for one connection |
| `answer` | an action carried out through libmilter |
| `fallbacks` | the reply to a message that could not be judged |
| `judging_pool` | our own threads, on which every message is judged |
| `trial` | a message judged in a process of its own |
| `in_flight` | the shared memory in which the supervisor sees which message is stuck |
| `file_copy` | a file with the content of a piece of shared memory |
| `replies` | what may be written back without breaking a header or a reply |
| `server` | one worker's life: serve, drain, end |
| `allocator` | settings of the C library's memory allocator |
| `library` | the version of libmilter |

Nothing is imported here: `Milter` is loaded only by an import of `session` or `server`.
"""
