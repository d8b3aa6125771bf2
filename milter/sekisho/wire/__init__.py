"""The door to the MTA: the only room that knows libmilter.

It is handed what judges a message (`Handlers`) and knows nothing of checks or stores. In come bytes and an `Envelope`;
back goes an `Action`, edit by edit. One message: `session` collects, `judging_pool` has it judged while the session
waits, `session` takes the action or a fallback, and `answer` edits and replies.

| module | answers |
| --- | --- |
| `options` | how the socket, the workers and the deadlines are configured |
| `handlers` | what we must be handed |
| `listen` | the listening socket |
| `collect` | the bytes of one message, as they come in |
| `session` | libmilter's callbacks for one connection |
| `fallbacks` | what a message gets that we could not judge |
| `judging_pool` | our own threads, on which every message is judged |
| `in_flight` | the shared memory by which the supervisor sees who is stuck |
| `file_copy` | the file that holds what a piece of that memory holds |
| `trial` | a message that is judged in a process of its own |
| `answer` | an action carried out through libmilter: the edits, then the reply |
| `replies` | what may be written back without breaking anything |
| `server` | one worker's life: serve, drain, leave |

Nothing is imported here: `Milter` is loaded only by those who import `session` or `server`.
"""
