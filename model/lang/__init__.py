"""The language: variables over finite domains, guarded-command actions, systems and claims.

It knows nothing of Linux. Everything a model author needs is imported from here.
"""

from model.lang.actions import Action, ActionTemplate, GroundAction, Source, Update, action
from model.lang.domains import Domain, Value, show
from model.lang.entities import Entity, Field, counter, field
from model.lang.errors import Location, ModelError, did_you_mean
from model.lang.expr import Expr, Var
from model.lang.fairness import Fairness, WeaklyFair, weakly_fair
from model.lang.properties import (
    Case,
    Claim,
    Kind,
    LeadsTo,
    Possible,
    Property,
    every_action_fires,
    invariant,
    leads_to,
    no_deadlock,
    possible,
    reachable,
    type_invariant,
)
from model.lang.system import State, System
from model.lang.terms import all_of, any_of, count, enabled, implies, ite, never_both

__all__ = [
    "Action",
    "ActionTemplate",
    "Case",
    "Claim",
    "Domain",
    "Entity",
    "Expr",
    "Fairness",
    "Field",
    "GroundAction",
    "Kind",
    "LeadsTo",
    "Location",
    "ModelError",
    "Possible",
    "Property",
    "Source",
    "State",
    "System",
    "Update",
    "Value",
    "Var",
    "WeaklyFair",
    "action",
    "all_of",
    "any_of",
    "count",
    "counter",
    "did_you_mean",
    "enabled",
    "every_action_fires",
    "field",
    "implies",
    "invariant",
    "ite",
    "leads_to",
    "never_both",
    "no_deadlock",
    "possible",
    "reachable",
    "show",
    "type_invariant",
    "weakly_fair",
]
