package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

const casbinModel = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`

const permissionsOfRole = 10

// rbac compares one check of a permission that the caller does not have, with
// 10 to 1,000 roles of ten permissions each.
func rbac(s settings) (results []result, err error) {
	figures := map[int]figure{}
	for _, roles := range []int{10, 100, 1000} {
		ours, stop, err := ourCheck(roles)
		if err != nil {
			return nil, err
		}
		theirs, err := casbinCheck(roles)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		got := race(s.rounds, contender{"ours", ours}, contender{"casbin", theirs})
		if err := stop(); err != nil {
			return nil, err
		}
		figures[roles] = got["ours"]
		work := fmt.Sprintf("denial, %d roles", roles)
		results = append(results,
			result{work: work, ours: got["ours"].ns, theirs: got["casbin"].ns, unit: "ns", peer: "Casbin", bar: 25, absolute: true},
			result{work: work, ours: got["ours"].allocs, theirs: got["casbin"].allocs, unit: "allocs", peer: "Casbin", bar: 1e-9, absolute: true})
	}
	return append(results, result{work: "1,000 roles against 10", ours: figures[1000].ns, theirs: figures[10].ns, unit: "ns", peer: "ourselves", bar: 1.25}), nil
}

func ourCheck(roles int) (check func(), stop func() error, err error) {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		return nil, nil, err
	}
	a, err := auth.New(db, auth.WithLogger(slog.New(slog.DiscardHandler)), auth.WithArgon2(auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1}),
		auth.WithMasterKeys(auth.MasterKey{ID: "bench", Key: []byte("a key of 32 bytes for a benchmark")[:32]}))
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for i := range roles {
		for k := range permissionsOfRole {
			names = append(names, fmt.Sprintf("module%d.thing%d.read", i, k))
		}
	}
	names = append(names, "module.thing.forbidden")
	if err := errors.Join(a.RegisterPermissions(names...), a.Start(ctx)); err != nil {
		return nil, nil, err
	}
	var held []string
	for i := range roles {
		role := fmt.Sprintf("role%d", i)
		if err := a.PutRole(ctx, auth.Role{Name: role, Permissions: names[i*permissionsOfRole : (i+1)*permissionsOfRole]}); err != nil {
			return nil, nil, err
		}
		if i < 3 {
			held = append(held, role)
		}
	}
	u, err := a.CreateUser(ctx, auth.NewUser{Email: "ann@example.com", Password: "correct horse battery staple", Roles: held})
	if err != nil {
		return nil, nil, err
	}
	g, err := a.LoginUser(ctx, u.ID, auth.Client{})
	if err != nil {
		return nil, nil, err
	}
	p, err := a.Verify(ctx, g.AccessToken)
	if err != nil {
		return nil, nil, err
	}
	permission, allowed := a.Permission("module.thing.forbidden"), a.Permission(names[0])
	if p.Can(permission) || !p.Can(allowed) {
		return nil, nil, errors.New("the check is wrong")
	}
	granted := 0
	return func() {
			if p.Can(permission) {
				granted++
			}
		}, func() error {
			if granted > 0 {
				return errors.New("the check let somebody in")
			}
			return errors.Join(a.Shutdown(ctx), db.Close())
		}, nil
}

func casbinCheck(roles int) (func(), error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	var policies, groups [][]string
	for i := range roles {
		role := fmt.Sprintf("role%d", i)
		for k := range permissionsOfRole {
			policies = append(policies, []string{role, fmt.Sprintf("module%d.thing%d", i, k), "read"})
		}
		if i < 3 {
			groups = append(groups, []string{"ann", role})
		}
	}
	if _, err := e.AddPolicies(policies); err != nil {
		return nil, err
	}
	if _, err := e.AddGroupingPolicies(groups); err != nil {
		return nil, err
	}
	return func() { _, _ = e.Enforce("ann", "module.thing", "forbidden") }, nil
}
