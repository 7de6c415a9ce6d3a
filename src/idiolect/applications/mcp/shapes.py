# ruff: noqa: UP013
"""What the tools take and give. The protocol's names ("from", "entityType") are its own: so types are made by calls."""

from __future__ import annotations

from typing_extensions import TypedDict

Entity = TypedDict("Entity", {"name": str, "entityType": str, "observations": list[str]})
Relation = TypedDict("Relation", {"from": str, "to": str, "relationType": str})
Observed = TypedDict("Observed", {"entityName": str, "contents": list[str]})
Added = TypedDict("Added", {"entityName": str, "addedObservations": list[str]})
Deletion = TypedDict("Deletion", {"entityName": str, "observations": list[str]})
Whole = TypedDict("Whole", {"entities": list[Entity], "relations": list[Relation]})
Memory = TypedDict("Memory", {"id": str, "memory": str, "kind": str, "created_at": str, "score": float})
Entities = TypedDict("Entities", {"entities": list[Entity]})
Relations = TypedDict("Relations", {"relations": list[Relation]})
Results = TypedDict("Results", {"results": list[Added]})
Recalled = TypedDict("Recalled", {"memories": list[Memory]})
Stated = dict[str, list[str]]
Profile = TypedDict("Profile", {"attributes": Stated, "relations": Stated, "wishes": Stated})
Done = TypedDict("Done", {"success": bool})
