"""A phantom of the chest: PA radiographs of nobody, computed from anatomy and physics, with the truth known exactly.

`film` makes one. The modules, in the order in which a film comes about: `population` (who), `anatomy` (their chest), `nodules`, `projection`
(what each beam meets), `materials` (what that does to it), `exposure` (what the detector makes of it), `console` (marker, collimation, grey scale).
"""

from xraydojo.data.phantom.film import VERSION, Film, film

__all__ = ["VERSION", "Film", "film"]
