"""The models of the example: import any table from here, and all of them are known to ``metadata``."""

from models.base import metadata
from models.category import Category, CategoryCreate, CategoryRead, CategoryUpdate
from models.task import Priority, Task, TaskCreate, TaskRead, TaskUpdate
from models.user import User, UserCreate, UserRead, UserUpdate

__all__ = [
    "Category",
    "CategoryCreate",
    "CategoryRead",
    "CategoryUpdate",
    "Priority",
    "Task",
    "TaskCreate",
    "TaskRead",
    "TaskUpdate",
    "User",
    "UserCreate",
    "UserRead",
    "UserUpdate",
    "metadata",
]
