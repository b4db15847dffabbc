package dashboard

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/limits"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// keyNames are the kinds of keys that a limit has, as the API names them.
func keyNames(keys limits.Keys) []string {
	names := []string{}
	for i, name := range []string{"account", "api-key", "address", "sign-in-address", "sign-in-account"} {
		if keys>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// limitKey makes a key of what somebody typed, so that no limit is set that
// nobody has.
func (d *Dashboard) limitKey(ctx context.Context, keys limits.Keys, typed string) (string, error) {
	const hash = 32 // hexadecimal digits
	account, isAccount := strings.CutPrefix(typed, ratelimit.PrincipalKey(""))
	id, isAPIKey := strings.CutPrefix(typed, apiKeyPrefix)
	signIn, isSignIn := strings.CutPrefix(typed, limitLoginAccount+":")
	switch {
	case keys == 0:
		return typed, nil
	case keys&limits.Accounts != 0 && isAccount:
		if _, err := d.auth.User(ctx, account); !errors.Is(err, auth.ErrNotFound) {
			return typed, err
		}
		return "", badKey("account", "", "There is no such account.")
	case keys&limits.Accounts != 0 && strings.Contains(typed, "@"):
		return d.accountLimitKey(ctx, typed)
	case keys&limits.APIKeys != 0 && isAPIKey && id != "":
		return typed, nil
	case keys&limits.Addresses != 0:
		if key, ok := addressLimitKey(typed); ok {
			return key, nil
		}
	case keys&limits.SignInAddresses != 0:
		if key, ok := addressLimitKey(strings.TrimPrefix(typed, limitLoginAddress+":")); ok {
			return limitLoginAddress + ":" + key, nil
		}
	case keys&limits.SignInAccounts != 0 && isSignIn && len(signIn) == hash && strings.Trim(signIn, "0123456789abcdef") == "":
		return typed, nil
	}
	return "", badKey("kind", strings.Join(keyNames(keys), ", "), "The limit has none for this: it is by "+strings.Join(keyNames(keys), " or ")+".")
}

// badKey says what is wrong with a key: of which kind of thing there is none.
func badKey(of, value, detail string) error {
	return Invalid(FieldError{Pointer: "/key", Code: "key", Detail: detail, Params: map[string]string{"of": of, "value": value}})
}

// accountLimitKey is the key of the account with an e-mail address, for those who
// may see accounts.
func (d *Dashboard) accountLimitKey(ctx context.Context, email string) (string, error) {
	if p := stateOf(ctx).principal; p == nil || !p.Can(d.auth.Permission(coreModule+"."+permUsersRead.name)) {
		return "", badKey("permission", coreModule+"."+permUsersRead.name, "To find an account by its e-mail address you need the permission "+coreModule+"."+permUsersRead.name+".")
	}
	u, err := d.auth.UserByEmail(ctx, email)
	if errors.Is(err, auth.ErrNotFound) {
		return "", badKey("email", "", "There is no account with this e-mail address.")
	}
	return ratelimit.PrincipalKey(u.ID), err
}

// addressLimitKey is the key of an address or of what shares a bucket with it.
func addressLimitKey(typed string) (string, bool) {
	if p, err := netip.ParsePrefix(typed); err == nil {
		a := p.Addr()
		shared := a.Is6() && !a.Is4In6() && p.Bits() == ratelimit.DefaultIPv6Bits
		return ratelimit.AddrKey(a, ratelimit.DefaultIPv6Bits), shared || p.Bits() == a.BitLen()
	}
	a, err := netip.ParseAddr(typed)
	return ratelimit.AddrKey(a, ratelimit.DefaultIPv6Bits), err == nil
}
