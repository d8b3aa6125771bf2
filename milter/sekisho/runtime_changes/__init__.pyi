from .watch import ListFollower, ListWatch, SwitchWatch

__all__ = ["ListFollower", "ListWatch", "SwitchWatch"]
