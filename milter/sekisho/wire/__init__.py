"""The door to the MTA: the only room that knows libmilter.

It is *handed* what to do with a message (`Handlers`) and knows nothing of checks or stores. What comes in:
bytes and an `Envelope`. What goes back: an `Action`, edit by edit.

| module | answers |
| --- | --- |
| `options` | how the socket, the workers and the deadlines are configured |
| `handlers` | what compose must hand us |
| `listen` | the listening socket |
| `collect` | the bytes of one message, as they come in |
| `session` | libmilter's callbacks for one connection |
| `fallbacks` | what a message gets that we could not judge |
| `desk` | our own threads, on which every message is judged |
| `slots` | the shared memory by which the supervisor sees who is stuck |
| `file_copy` | the file that holds what a piece of that memory holds |
| `replies` | what may be written back without breaking anything |
| `server` | one worker's life: serve, drain, leave |

Nothing is imported here: `Milter` is loaded only by those who import `session` or `server`.
"""
