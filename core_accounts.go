package dashboard

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

// userInfo is an account as the API shows it.
type userInfo struct {
	ID          string     `json:"id" resource:"key,filter"`
	Email       string     `json:"email" title:"Email" resource:"readonly,label,sort=default,filter,search"`
	Name        string     `json:"name" validate:"max=200" resource:"sort,filter,search"`
	Roles       []string   `json:"roles" validate:"max=50,dive,max=100" resource:"filter"`
	Disabled    bool       `json:"disabled" resource:"filter"`
	CreatedAt   *time.Time `json:"created_at,omitempty" title:"Created" resource:"readonly,sort,filter"`
	LastLoginAt *time.Time `json:"last_login_at,omitempty" title:"Last sign-in" resource:"readonly,sort,filter"`
	Version     int64      `json:"-" resource:"version"`
}

func userInfoOf(u auth.User) userInfo {
	out := userInfo{ID: u.ID, Email: u.Email, Name: u.Name, Roles: u.Roles, Disabled: u.Disabled, Version: u.Version}
	if !u.CreatedAt.IsZero() {
		out.CreatedAt = &u.CreatedAt
	}
	if !u.LastLoginAt.IsZero() {
		out.LastLoginAt = &u.LastLoginAt
	}
	return out
}

// grantOut answers a login, refresh or set-up: tokens in cookies or in the body.
type grantOut struct {
	User         userInfo `json:"user"`
	ExpiresIn    int64    `json:"expires_in" doc:"Seconds until the access token expires."`
	AccessToken  string   `json:"access_token,omitempty"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	TokenType    string   `json:"token_type,omitempty"`
}

// grant delivers tokens: in cookies, unless the client asked for them.
func (d *Dashboard) grant(s *request, g auth.Grant, delivery string) grantOut {
	out := grantOut{User: userInfoOf(g.User), ExpiresIn: int64(g.ExpiresIn())}
	if delivery == deliveryToken {
		out.AccessToken, out.RefreshToken, out.TokenType = g.AccessToken, g.RefreshToken, "Bearer"
		return out
	}
	d.auth.SetCookies(s.w, s.r, g)
	return out
}

const deliveryToken = "token"

type setupIn struct {
	Token    string `json:"token" validate:"required,max=200" doc:"The one-time token of the set-up link."`
	Email    string `json:"email" validate:"required,email,max=254"`
	Password string `json:"password" validate:"required,max=1024"`
	Name     string `json:"name" validate:"max=200"`
}

type loginIn struct {
	Email    string `json:"email" validate:"required,max=254"`
	Password string `json:"password" validate:"required,max=1024"`
	Delivery string `json:"delivery" validate:"omitempty,oneof=cookie token"`
}

type refreshIn struct {
	RefreshToken string `json:"refresh_token" validate:"max=4096" doc:"Empty: the cookie's."`
}

type empty struct{}

type setupState struct {
	Required bool `json:"required"`
}

func (d *Dashboard) routeAccounts(r *Router) {
	Get(r, "/setup", d.setupState, Public(), ID("setup-state"), Summary("Whether the first account is still to be made"))
	Post(r, "/setup", d.setup, Public(), ID("setup"), Status(http.StatusCreated), Summary("Make the first account, once"), Answers(401, 409, 429))
	Post(r, "/auth/login", d.login, Public(), ID("login"), Summary("Sign in"), Answers(401, 429))
	Post(r, "/auth/refresh", byPerson(d.refresh), Public(), ID("refresh"), Summary("Get new tokens for a refresh token"), Answers(401, 403))
	Post(r, "/auth/logout", byPerson(d.logout), Public(), ID("logout"), Summary("End this session"), Answers(403))
	Get(r, "/auth/me", d.me, Authenticated(), ID("me"), Summary("Who is signed in"))
	Patch(r, "/auth/me", byPerson(d.updateMe), Authenticated(), ID("update-me"), Summary("Change the caller's own name"), Answers(403))
	Get(r, "/auth/me/modules", d.myModules, Authenticated(), ID("my-modules"), Summary("The modules the caller may see here"))
	Get(r, "/auth/sessions", byPerson(d.sessions), Authenticated(), ID("sessions"), Summary("The caller's sessions"), Answers(403))
	Delete(r, "/auth/sessions/{id}", byPerson(d.revokeSession), Authenticated(), ID("revoke-session"), Summary("End one of the caller's sessions"), Answers(403, 404))
}

func (d *Dashboard) setupState(ctx context.Context, _ empty) (setupState, error) {
	required, err := d.auth.SetupRequired(ctx)
	return setupState{Required: required}, err
}

func (d *Dashboard) setup(ctx context.Context, in setupIn) (grantOut, error) {
	s := stateOf(ctx)
	u, err := d.auth.Setup(ctx, in.Token, auth.NewUser{Email: in.Email, Name: in.Name, Password: in.Password}, client(s))
	if errors.Is(err, auth.ErrInvalidToken) {
		return grantOut{}, &Error{Status: http.StatusUnauthorized, Code: "setup-token-invalid",
			Detail: "The set-up link is not valid any more. Restart the server for a new one."}
	}
	if err != nil {
		return grantOut{}, accountError(err)
	}
	g, err := d.auth.LoginUser(ctx, u.ID, client(s))
	if err != nil {
		return grantOut{}, err
	}
	return d.grant(s, g, ""), nil
}

func (d *Dashboard) login(ctx context.Context, in loginIn) (grantOut, error) {
	s := stateOf(ctx)
	g, err := d.auth.Login(ctx, auth.Credentials{Email: in.Email, Password: in.Password, Client: client(s)})
	if err != nil {
		return grantOut{}, err
	}
	return d.grant(s, g, in.Delivery), nil
}

func (d *Dashboard) refresh(ctx context.Context, in refreshIn) (grantOut, error) {
	s := stateOf(ctx)
	if in.RefreshToken != "" {
		g, err := d.auth.Refresh(ctx, in.RefreshToken, client(s))
		if err != nil {
			return grantOut{}, err
		}
		return d.grant(s, g, deliveryToken), nil
	}
	g, err := d.auth.RefreshByCookie(s.w, s.r, client(s))
	if err != nil {
		return grantOut{}, err
	}
	return grantOut{User: userInfoOf(g.User), ExpiresIn: int64(g.ExpiresIn())}, nil
}

func (d *Dashboard) logout(ctx context.Context, in refreshIn) (empty, error) {
	s := stateOf(ctx)
	if in.RefreshToken != "" {
		return empty{}, d.auth.Logout(ctx, in.RefreshToken)
	}
	if token := d.auth.RefreshCookie(s.r); token != "" {
		if err := d.auth.Logout(ctx, token); err != nil {
			return empty{}, err
		}
	} else if p := s.principal; p != nil {
		if err := d.auth.RevokeSession(ctx, p.ID, p.SessionID); err != nil && !errors.Is(err, auth.ErrNotFound) {
			return empty{}, err
		}
	}
	if s.r.Header["Authorization"] == nil && s.r.Header["X-Api-Key"] == nil { // a header says nothing about the cookies
		d.auth.ClearCookies(s.w, s.r)
	}
	return empty{}, nil
}

type meOut struct {
	ID          string       `json:"id"`
	Email       string       `json:"email"`
	Name        string       `json:"name"`
	Roles       []string     `json:"roles" doc:"None with an API key."`
	Permissions []string     `json:"permissions"`
	Session     *sessionInfo `json:"session,omitempty" doc:"Absent with an API key."`
	APIKey      *myAPIKey    `json:"api_key,omitempty" doc:"What the caller came with, if it is an API key."`
}

type myAPIKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

type sessionInfo struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	Current    bool      `json:"current"`
}

func sessionInfoOf(s auth.Session, current string) sessionInfo {
	return sessionInfo{ID: s.ID, CreatedAt: s.CreatedAt, LastUsedAt: s.LastUsedAt, ExpiresAt: s.ExpiresAt,
		Address: s.Address, UserAgent: s.UserAgent, Current: s.ID == current}
}

func (d *Dashboard) me(ctx context.Context, _ empty) (meOut, error) {
	p := stateOf(ctx).principal
	out := meOut{ID: p.ID, Email: p.Email, Name: p.Name, Roles: p.Roles, Permissions: p.Permissions()}
	if p.Kind == auth.KindAPIKey {
		out.APIKey = &myAPIKey{ID: p.KeyID, Name: p.KeyName, ExpiresAt: timeOrNil(p.SessionExpiresAt)}
		return out, nil
	}
	list, err := d.auth.Sessions(ctx, p.ID)
	if err != nil {
		return out, err
	}
	for _, one := range list {
		if one.ID == p.SessionID {
			info := sessionInfoOf(one, p.SessionID)
			out.Session = &info
		}
	}
	return out, nil
}

type updateMeIn struct {
	Name string `json:"name" validate:"max=200" doc:"Empty: the e-mail address."`
}

func (d *Dashboard) updateMe(ctx context.Context, in updateMeIn) (meOut, error) {
	out, err := d.me(ctx, empty{})
	if err != nil {
		return out, err
	}
	u, err := d.auth.UpdateUser(ctx, out.ID, auth.UserChange{Name: &in.Name})
	out.Name = u.Name
	return out, accountError(err)
}

func (d *Dashboard) sessions(ctx context.Context, in pageIn) (Page[sessionInfo], error) {
	p := stateOf(ctx).principal
	list, err := d.auth.Sessions(ctx, p.ID)
	if err != nil {
		return Page[sessionInfo]{}, err
	}
	out := make([]sessionInfo, 0, len(list))
	for _, one := range list {
		out = append(out, sessionInfoOf(one, p.SessionID))
	}
	return pageAfter(d, "sessions of "+p.ID, in, out, func(s sessionInfo) string { return downwards(s.CreatedAt.UnixMicro(), s.ID) })
}

type idIn struct {
	ID string `path:"id" validate:"max=100"`
}

func (d *Dashboard) revokeSession(ctx context.Context, in idIn) (empty, error) {
	return empty{}, accountError(d.auth.RevokeSession(ctx, stateOf(ctx).principal.ID, in.ID))
}
