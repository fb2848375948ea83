"""What the cockpit asks of the world, in its own words.

Every method blocks and may be called from any thread. They raise `Unreachable` (no answer),
`Throttled` (asked to wait), `AccessDenied` (credential refused) or `Conflict` (the world holds
something else than expected), never an SDK's own exception.
"""

from cockpit.backends.ports.answers import Answer
from cockpit.backends.ports.clock import Clock
from cockpit.backends.ports.conda import CondaPort
from cockpit.backends.ports.credentials import Credential, CredentialsPort
from cockpit.backends.ports.git import GitPort
from cockpit.backends.ports.git_values import (
    BranchHead,
    BranchTree,
    ClosedBy,
    CommitNode,
    CommitRecipe,
    LedgerCommit,
    PickDraft,
    PickRecipe,
    Resolution,
    ScriptRun,
    TrunkQuestions,
)
from cockpit.backends.ports.github import Account, ApiBudget, ApiUsage, ApiUse, GithubPort
from cockpit.backends.ports.index import IndexPort
from cockpit.backends.ports.objectstore import (
    Delivery,
    ObjectProperties,
    ObjectStorePort,
    TransferPort,
    Upload,
)
from cockpit.backends.ports.package_index import PackageIndexPort, Taken, UploadAnswer

__all__ = [
    "Account",
    "Answer",
    "ApiBudget",
    "ApiUsage",
    "ApiUse",
    "BranchHead",
    "BranchTree",
    "Clock",
    "ClosedBy",
    "CommitNode",
    "CommitRecipe",
    "CondaPort",
    "Credential",
    "CredentialsPort",
    "Delivery",
    "GitPort",
    "GithubPort",
    "IndexPort",
    "LedgerCommit",
    "ObjectProperties",
    "ObjectStorePort",
    "PackageIndexPort",
    "PickDraft",
    "PickRecipe",
    "Resolution",
    "ScriptRun",
    "Taken",
    "TransferPort",
    "TrunkQuestions",
    "Upload",
    "UploadAnswer",
]
