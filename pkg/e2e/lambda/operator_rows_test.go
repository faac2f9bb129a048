package lambda_test

import (
	"encoding/json"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

func operatorRows() []row {
	object := func(text string) any { return json.RawMessage(text) }
	key := func(tenant, name, more string) any {
		return object(`{"tenantId":"` + tenant + `","keyId":"` + fixture.APIKey(name).ID + `"` + more + `}`)
	}
	return []row{
		{"put-application", object(`{"tenantId":"demo","applicationId":"mobile","name":"Mobile app",` +
			`"settings":{"refreshIdleSeconds":604800,"overlapSeconds":60}}`), `ok "refreshAbsoluteSeconds":15552000`},
		{
			"put-application-malformed", object(`{"tenantId":"demo","applicationId":"mobile","settings":{"overlapSeconds":86401}}`),
			"error InputError: settings.overlapSeconds must be from 0 to 86400",
		},
		{"retrieve-applications", object(`{"tenantId":"demo"}`), `ok "applicationId":"web"`},
		{"retrieve-applications-one", object(`{"tenantId":"demo","applicationId":"service"}`), `ok {"tenantId":"demo","applicationId":"service"`},
		{"retrieve-applications-tenants", object(`{}`), `ok {"tenants":[{"tenantId":"demo"},{"tenantId":"other"}]}`},
		{"retrieve-applications-wrong-tenant", object(`{"tenantId":"other","applicationId":"service"}`), "error NotFoundError: applicationId"},
		{"retrieve-applications-malformed", object(`{"applicationId":"web","cursor":"x"}`), "error InputError: tenantId must be"},
		{"delete-application", object(`{"tenantId":"demo","applicationId":"web","reason":"retired"}`), `ok "epoch":1`},
		{"delete-application-wrong-tenant", object(`{"tenantId":"other","applicationId":"service"}`), "error NotFoundError: applicationId"},
		{"delete-application-malformed", object(`{"tenantId":"demo","applicationId":"web","reason":"Why?"}`), "error InputError: reason"},
		{"delete-by-tenant", object(`{"tenantId":"demo","reason":"breach"}`), `ok {"applicationId":"service","epoch":1}`},
		{"delete-by-tenant-malformed", object(`{"tenantId":"demo","tenant":"other"}`), "error InputError: tenant is not known here"},
		{"create-api-key", object(`{"tenantId":"demo","name":"backend","permissions":["tokens:issue"]}`), `ok "apiKey":"sak_`},
		{"create-api-key-malformed", object(`{"tenantId":"demo","permissions":["tokens:everything"]}`), "error InputError: name must not be blank. permissions"},
		{
			"create-api-key-unknown-tenant", object(`{"tenantId":"dmeo","name":"backend","permissions":["tokens:issue"]}`),
			"error InputError: tenantId has no application",
		},
		{"rotate-api-key", key("demo", "read", ""), `ok "previous":{"keyId":"` + fixture.APIKey("read").ID},
		{"rotate-api-key-expired", key("demo", "expired", ""), "error InputError: keyId names a key that has expired"},
		{"rotate-api-key-wrong-tenant", key("other", "read", ""), "error NotFoundError: keyId"},
		{"rotate-api-key-malformed", key("demo", "read", `,"overlapSeconds":2592001`), "error InputError: overlapSeconds must be"},
		{"list-api-keys", object(`{"tenantId":"demo"}`), `ok "permissions":["tokens:read"]`},
		{"list-api-keys-malformed", object(`{"tenantId":7}`), "error InputError: tenantId must be a string"},
		{"delete-api-key", key("demo", "read", ""), "ok keyId"},
		{"delete-api-key-wrong-tenant", key("other", "read", ""), "error NotFoundError: keyId"},
		{
			"import-sessions", object(`{"tenantId":"demo","applicationId":"web","sessions":[{"userId":"jane","tokenSha256":"` +
				strings.Repeat("0a", 32) + `","scope":"read","claims":{"plan":"free"}}]}`), `ok {"imported":1,"skipped":[]}`,
		},
		{
			"import-sessions-wrong-tenant", object(`{"tenantId":"other","applicationId":"service","sessions":[{"userId":"jane","tokenSha256":"` +
				strings.Repeat("0a", 32) + `"}]}`), "error NotFoundError: applicationId",
		},
		{
			"import-sessions-malformed", object(`{"tenantId":"demo","applicationId":"web","sessions":[{"userId":"jane","token":"x"}]}`),
			"error InputError: sessions[0].token is not known here",
		},
		{"delete-api-key-malformed", object(`{"tenantId":"demo","key":"sak_x"}`), "error InputError: key is not known here"},
	}
}
