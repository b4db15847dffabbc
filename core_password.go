package dashboard

import (
	"context"
	"errors"
	"net/http"

	"github.com/modular-dashboard/dashboard/auth"
)

func (d *Dashboard) routePasswords(r *Router) {
	Post(r, "/auth/password", byPerson(d.changePassword), Authenticated(), ID("change-password"),
		Summary("Change the caller's own password, end every session and begin another"), Answers(http.StatusForbidden, http.StatusTooManyRequests))
	Put(r, "/users/{id}/password", byPerson(d.setPassword), Require(permUsersManage), ID("set-user-password"),
		Summary("Set the password of an account and end its sessions"), Answers(http.StatusNotFound, http.StatusConflict))
}

type changePasswordIn struct {
	Present  string `json:"present" validate:"required,max=1024" doc:"The password until now."`
	Password string `json:"password" validate:"required,max=1024"`
	Delivery string `json:"delivery" validate:"omitempty,oneof=cookie token"`
}

// changePassword answers as a sign-in does: the session that asks ends too.
func (d *Dashboard) changePassword(ctx context.Context, in changePasswordIn) (grantOut, error) {
	s := stateOf(ctx)
	err := d.auth.ChangePassword(ctx, s.principal.ID, in.Present, in.Password)
	if errors.Is(err, auth.ErrInvalidCredentials) { // not 401: the session is as good as before
		return grantOut{}, Invalid(FieldError{Pointer: "/present", Code: "wrong", Detail: "is not your password", Params: map[string]string{"of": "password"}})
	}
	if err != nil {
		return grantOut{}, accountError(err)
	}
	g, err := d.auth.LoginUser(ctx, s.principal.ID, client(s))
	if err != nil {
		return grantOut{}, err
	}
	return d.grant(s, g, in.Delivery), nil
}

type setPasswordIn struct {
	ID       string `path:"id" validate:"max=100"`
	Password string `json:"password" validate:"required,max=1024"`
}

func (d *Dashboard) setPassword(ctx context.Context, in setPasswordIn) (empty, error) {
	if in.ID == stateOf(ctx).principal.ID { // or whoever finds a browser open could lock its owner out
		return empty{}, &Error{Status: http.StatusConflict, Code: "own-password", Detail: "Change your own password with the one you have, under Account."}
	}
	return empty{}, accountError(d.auth.SetPassword(ctx, in.ID, in.Password))
}
