"""The SMTP door: for MTAs without milters, after the queue (`content_filter`) or before it (`smtpd_proxy_filter`).

An SMTP server in front, the next hop behind. A session with the next hop is opened together with each session, and its
replies to MAIL and RCPT are passed on as they come. After DATA the message is judged; what is left of it goes to the
next hop, and its reply is passed on. So there is never a 250 before the next hop's 250, or before all copies that are
withheld are durably in the store.

| module | what it holds |
| --- | --- |
| `options` | configuration of the door |
| `attributes` | XFORWARD and XCLIENT: who the client is |
| `commands` | the arguments of MAIL and RCPT |
| `paths` | the address that such an argument names |
| `receive` | the bytes of a message while they come in |
| `incoming` | a message from the bytes after DATA |
| `edits` | the edits of an action, made on the bytes of a message |
| `next_hop` | the session with the next hop |
| `answer` | one message: judged, edited, handed over |
| `session` | one connection of the MTA |
| `replies` | the door's own replies |
| `server` | the door's side of a worker |
| `probe` | the first words of an MTA to the door |
"""
