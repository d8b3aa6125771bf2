"""What the findings are worth, learned from labelled mail: proposals for the points table, and how far to trust them.

    make weights COLLECTIONS=collections.toml

`gather` judges every mail (kept until program, brands or mail change), `groups` puts together what is one campaign
or one thread, `screen` finds what tells collections apart, `fit` learns points, `replay` gives verdicts by the
policy's own code, `folds` holds out what comes later, one source, one brand, `trial` judges that by points which never
saw it, `trade` weighs both errors against each other, and `document` says it all in `docs/weights.md`. Nothing here
changes a point: a person reads the proposal.

The file of collections is that of `lab.accuracy`. Of a sidecar `source` is used too (where the mail was gathered; else
the collection is the source), and `template`: mails made from one template are one campaign with invented dates.
"""

import os

# The matrices are small and the folds run side by side: threads within one would only wait for each other, and add up
# the same numbers in another order each time. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
