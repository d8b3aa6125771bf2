"""The site that sekisho protects: its domains, who may send in their name, its names and its people.

The site is treated as a brand, but outside the registry of brands: its operator configures its domains, so no brand
file has to name them. Names of people are compared by their skeleton (`text.skeleton`: characters that look alike are
equal), in any order of family and given name. A name of two letters, or of up to five Latin letters, is found only if
it is the whole display name.

A file of people has one name per line. Outside addresses that the person really uses follow in angle brackets:
`山田 太郎 <taro@mail.example, taro@home.example>`. A line that begins with `#` is a comment.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
