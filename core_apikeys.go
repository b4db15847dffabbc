package dashboard

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

func (d *Dashboard) routeAPIKeys(r *Router) {
	Post(r, "/api-keys", byPerson(d.createAPIKey), Authenticated(), ID("create-api-key"), Status(http.StatusCreated), AnswerOnce(),
		Summary("Make an API key of the caller's"), Answers(403, 409),
		Description("The answer has the key this once. A key holds its permissions as far as its owner has them at the moment, makes and ends no credentials, and goes into Authorization: Bearer or X-API-Key."))
	Get(r, "/api-keys", d.listAPIKeys, Authenticated(), ID("api-keys"), Summary("API keys, newest first"), Answers(400, 403),
		Description("People see their own keys, and with dashboard.users.manage everybody's. An API key sees keys, its owner's too, only where it holds dashboard.users.manage itself; of itself it learns from /auth/me."))
	Delete(r, "/api-keys/{id}", byPerson(d.revokeAPIKey), Authenticated(), ID("revoke-api-key"),
		Summary("Revoke an API key, of others by who manages accounts"), Answers(403, 404))
}

var errNotWithAPIKey = &Error{Status: http.StatusForbidden, Code: "not-with-api-key",
	Detail: "Sign in for this. An API key cannot do it."}

// byPerson refuses callers with an API key: what makes, changes or ends
// credentials would outlive the key.
func byPerson[In, Out any](fn func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		if p := stateOf(ctx).principal; p != nil && p.Kind == auth.KindAPIKey {
			var none Out
			return none, errNotWithAPIKey
		}
		return fn(ctx, in)
	}
}

type apiKeyIn struct {
	Name        string     `json:"name" validate:"required,max=200"`
	Permissions []string   `json:"permissions" validate:"required,min=1,max=200,dive,max=200" doc:"Permissions and patterns such as billing.*.read, none beyond the caller's own."`
	ExpiresAt   *time.Time `json:"expires_at" doc:"Null: the key does not end by itself."`
}

type apiKeyMade struct {
	ID  string `json:"id"`
	Key string `json:"key" doc:"The key itself. It is not stored and cannot be shown again."`
}

func (d *Dashboard) createAPIKey(ctx context.Context, in apiKeyIn) (apiKeyMade, error) {
	k := auth.NewAPIKey{Name: in.Name, Permissions: in.Permissions}
	if in.ExpiresAt != nil {
		k.ExpiresAt = *in.ExpiresAt
	}
	made, secret, err := d.auth.CreateAPIKey(ctx, stateOf(ctx).principal, k)
	if err != nil {
		return apiKeyMade{}, accountError(err)
	}
	return apiKeyMade{ID: made.ID, Key: secret}, nil
}

type apiKeysIn struct {
	Owner  string `query:"owner" default:"me" validate:"oneof=me all" doc:"me, or all for who manages accounts."`
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=2048"`
}

type apiKeyInfo struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Prefix      string     `json:"prefix" doc:"How the key begins."`
	Permissions []string   `json:"permissions"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty" doc:"To the minute."`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
	Owner       ownerInfo  `json:"owner"`
}

type ownerInfo struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (d *Dashboard) listAPIKeys(ctx context.Context, in apiKeysIn) (Page[apiKeyInfo], error) {
	p := stateOf(ctx).principal
	// A key has its owner's id, not its owner's standing: whoever finds one must
	// not learn from it which others there are and what they may do.
	all := in.Owner == "all"
	if (all || p.Kind == auth.KindAPIKey) && !d.managesUsers(p) {
		return Page[apiKeyInfo]{}, errForbidden(coreModule + "." + permUsersManage.name)
	}
	q := auth.APIKeyQuery{OwnerID: p.ID, Cursor: in.Cursor, Limit: in.Limit}
	if all {
		q.OwnerID = ""
	}
	page, err := d.auth.APIKeys(ctx, q)
	if e, ok := errors.AsType[*auth.InputError](err); ok && e.Field == "cursor" {
		return Page[apiKeyInfo]{}, errBadCursor
	}
	if err != nil {
		return Page[apiKeyInfo]{}, err
	}
	out := Page[apiKeyInfo]{NextCursor: page.Next}
	for _, k := range page.Keys {
		out.Items = append(out.Items, apiKeyInfo{ID: k.ID, Name: k.Name, Prefix: k.Prefix, Permissions: k.Permissions,
			CreatedAt: k.CreatedAt, ExpiresAt: timeOrNil(k.ExpiresAt), LastUsedAt: timeOrNil(k.LastUsedAt), RevokedAt: timeOrNil(k.RevokedAt),
			Owner: ownerInfo{ID: k.OwnerID, Name: k.OwnerName, Email: k.OwnerEmail}})
	}
	return out, nil
}

func (d *Dashboard) revokeAPIKey(ctx context.Context, in idIn) (empty, error) {
	p := stateOf(ctx).principal
	owner := p.ID
	if d.managesUsers(p) {
		owner = ""
	}
	return empty{}, accountError(d.auth.RevokeAPIKey(ctx, owner, in.ID))
}

func (d *Dashboard) managesUsers(p *auth.Principal) bool {
	return p.Can(d.auth.Permission(coreModule + "." + permUsersManage.name))
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
