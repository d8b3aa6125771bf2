"""The explanation of a judgement in English and Japanese, as data. Command line, pages, digest and API all show these
words and have none of their own.

`document` is a judgement as JSON values, `arrival` what is kept to judge it again, `held_facts` what a held message is,
`operations` what was done to it, `sections` the page that a person reads, `whatif` what would let the message pass.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
