"""Functions made of others that compute gradients as they run: `jax.value_and_grad(loss)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import NOTHING, FunctionAtom, MethodAtom, Object, Value, derived, join_all, of_atom, ordered
from ckptlint.flow.events import Update
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls

OF = "of"
"""The name under which the function that is differentiated is kept."""


def differentiated(c: Calls, value: Value, api: Api, at: model.Place) -> Value:
    """The function that runs another and gives its gradients."""
    return of_atom(c.make(at, held=Object(Role.BACKWARD, api, None, ((OF, value),))))


def differentiated_call(c: Calls, held: Object, arguments: Arguments, operand: model.CallSite) -> Value:
    """A call of such a function: what the other one gives is trained on."""
    inner = join_all([value for name, value in held.arguments if name == OF])
    atoms = [atom for atom in ordered(inner.atoms) if isinstance(atom, FunctionAtom | MethodAtom)]
    result = c.call_known(join_all([of_atom(atom) for atom in atoms]), arguments, operand) if atoms else NOTHING
    operand_of = c.expanded(derived([result, *arguments.values()]))
    c.record(Update(c.site(operand.at), c.within, c.state.tests, operand_of, tuple(c.loops)))
    return derived([result, *arguments.values()])
