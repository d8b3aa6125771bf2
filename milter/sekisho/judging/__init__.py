"""Judging in a worker process: what every door to the MTA needs and no door owns.

It is handed what judges a message (`Handlers`) and knows nothing of checks or stores, nor of the protocol in which the
messages come.

| module | what it holds |
| --- | --- |
| `options` | configuration of the workers and the deadlines |
| `handlers` | what `service` must provide |
| `listen` | the listening socket |
| `probe` | a test whether our own socket answers |
| `worker` | one worker's life: serve, drain, end |
| `collect` | the bytes of one message, as they come in |
| `judging_pool` | our own threads, on which every message is judged |
| `trial` | a message judged in a process of its own |
| `fallbacks` | the reply to a message that could not be judged |
| `in_flight` | the shared memory in which the supervisor sees which message is stuck |
| `file_copy` | a file with the content of a piece of shared memory |
| `replies` | what may be written back without breaking a header or a reply |
| `allocator` | settings of the C library's memory allocator |
"""
