"""What a Python program writes with the package that openapi-python-client generates: issue, refresh, list, delete."""

import os

from generated import AuthenticatedClient, Client
from generated.api.delete import delete_by_id
from generated.api.refresh import issue, refresh
from generated.api.retrieve import retrieve_by_user
from generated.models import Failure, GrantAnswer, Issue, RefreshBody, TokenAnswer, TokensAnswer

env = os.environ
app = Client(base_url=env["BASE_URL"])
backend = AuthenticatedClient(
    base_url=env["BASE_URL"], token=env["API_KEY"], headers={"X-Stencil-TenantId": env["TENANT_ID"]}
)
user = f"python-{os.getpid()}"

issued = issue.sync(client=backend, body=Issue(user_id=user, application_id=env["APPLICATION_ID"]))
assert isinstance(issued, GrantAnswer), issued

refreshed = refresh.sync(client=app, body=RefreshBody(refresh_token=issued.data.refresh_token))
assert isinstance(refreshed, GrantAnswer), refreshed
assert refreshed.data.refresh_token_id == issued.data.refresh_token_id, refreshed
assert refreshed.data.refresh_token != issued.data.refresh_token, refreshed

listed = retrieve_by_user.sync(client=backend, user_id=user, limit=10)
assert isinstance(listed, TokensAnswer), listed
assert [(one.id, one.generation) for one in listed.data] == [(issued.data.refresh_token_id, 1)], listed

deleted = delete_by_id.sync(str(issued.data.refresh_token_id), client=backend)
assert isinstance(deleted, TokenAnswer), deleted
assert deleted.data.user_id == user, deleted

refused = refresh.sync_detailed(client=app, body=RefreshBody(refresh_token=refreshed.data.refresh_token))
assert refused.status_code == 400, refused
assert isinstance(refused.parsed, Failure), refused
