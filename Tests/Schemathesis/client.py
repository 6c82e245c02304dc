"""A client that openapi-python-client generated adds, lists, completes and removes a task."""

import sys

sys.path.insert(0, sys.argv[2])

from pdb_client import Client  # noqa: E402
from pdb_client.api.pairs import get_pair, increment, set_pair  # noqa: E402
from pdb_client.api.tasks import add_task, edit_task, get_task, list_tasks, remove_task  # noqa: E402
from pdb_client.models import Error, Increment, NewTask, NewValue, TaskEdit  # noqa: E402

client = Client(base_url=sys.argv[1])

added = add_task.sync(client=client, body=NewTask(title="Học Python"))
assert added.title == "Học Python" and not added.completed
assert added.id in [task.id for task in list_tasks.sync(client=client).tasks]
assert edit_task.sync(added.id, client=client, body=TaskEdit(completed=True)).completed
assert remove_task.sync(added.id, client=client).status == "deleted"
gone = get_task.sync(added.id, client=client)
assert isinstance(gone, Error) and gone.error == "task_not_found"

pair = set_pair.sync("a/b c", client=client, body=NewValue(value={"x": [1, None]}))
assert get_pair.sync("a/b c", client=client).revision == pair.revision
assert set_pair.sync("n", client=client, body=NewValue(value=1)).value == 1
assert increment.sync(client=client, body=Increment(key="n", by=2)).value == 3
print("client: ok")
