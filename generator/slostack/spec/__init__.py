"""What a person writes in `slo.yaml`, and every mistake that can be made in it.

Text becomes a tree of nodes with positions (`tree`), the overrides of an environment are applied to the tree
(`overrides`), the tree becomes data and the data a `Spec` (`load`), and what the model refuses becomes sentences
(`messages`).
"""
