"""Learns points for the findings from labelled mail: a proposal for the points table, and how far it can be trusted.

    make weights CORPUS=folder

| module | what it does |
| --- | --- |
| `gather` | judges every mail; the result is kept until program, brands or mail change |
| `groups` | finds mails of one campaign or one thread |
| `screen` | finds findings that tell collections apart, not fakes from genuine mail |
| `fit` | learns the points |
| `replay` | computes verdicts by the policy's own code |
| `folds` | holds out later mail, one source, or one brand |
| `trial` | judges the held-out mail with points that were learned without it |
| `trade` | compares both errors at each threshold |
| `document` | writes `docs/weights.md` |

Nothing here changes a point: a person reads the proposal.

The file of collections is the one of `lab.accuracy`. Two keys of a sidecar are used in addition: `source` (where the
mail was collected; by default the collection), and `template`: mails made from one template are one campaign, and their
dates are invented.
"""

import os

# The matrices are small and the folds run in parallel. Threads within a fold would only wait for each other, and would
# add numbers in another order each time. These variables are read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
