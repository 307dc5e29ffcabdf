"""What the model expects at a path of the spec: the keys of a mapping, or names that its writer chose."""

from __future__ import annotations

import types
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from slostack.spec.model import Spec

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Shape:
    """What may stand at a path. At most one of the three is set; none for a scalar."""

    model: type[BaseModel] | None = None
    named: Any = None  # the type of the values of a mapping whose keys are names
    items: Any = None  # the type of the items of a list

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """The keys of a mapping that the model describes, as they are written; empty for anything else."""
        return fields_of(self.model) if self.model else {}

    def below(self, segment: str | int) -> Shape:
        """What may stand one step further down."""
        if self.model is not None:
            given = self.fields.get(str(segment))
            return shape_of(given.annotation) if given else Shape()
        inner = self.named if self.named is not None else self.items
        return shape_of(inner) if inner is not None else Shape()


def shape_of(annotation: Any) -> Shape:
    """The shape of a type; of alternatives, the one that is a mapping or a list."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shape_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        shapes = [shape_of(choice) for choice in get_args(annotation)]
        return next((shape for shape in shapes if shape != Shape()), Shape())
    if origin is dict:
        return Shape(named=get_args(annotation)[1])
    if origin is list:
        return Shape(items=get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape(model=annotation)
    return Shape()


def shape_at(path: Path) -> Shape:
    """What the model expects at a path of the spec."""
    shape = Shape(model=Spec)
    for segment in path:
        shape = shape.below(segment)
    return shape


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that people write."""
    return {given.alias or name: given for name, given in model.model_fields.items()}


def nearest(word: str, known: list[str]) -> str | None:
    """The one of `known` that `word` was most likely meant to be, if any is near."""
    lower = {name.lower(): name for name in reversed(known)}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def suggestion(word: str, known: list[str], otherwise: str) -> str:
    """A remedy for a word that is not known: the nearest one, the few that there are, or `otherwise`."""
    near = nearest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if len(known) == 1:
        return f"there is only `{known[0]}`"
    return f"choose one of {listed(known)}" if 0 < len(known) <= 30 else otherwise


def listed(names: list[str]) -> str:
    """Names in a row, each in backquotes."""
    return ", ".join(f"`{name}`" for name in names)
