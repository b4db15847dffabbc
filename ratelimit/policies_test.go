package ratelimit_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

func lookup(t *testing.T, c *ratelimit.Policies, name, key, want string) {
	t.Helper()
	p, ok := c.Lookup(name, key)
	if got := p.String(); ok != (want != "") || ok && (got != want || p.Label() != name) {
		t.Errorf("%s of %s: got %q %s, %t, want %q", name, key, p.Name, got, ok, want)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	c := must(ratelimit.NewPolicies(policy(t, "login", "5/m"), policy(t, "", "100/m")))
	lookup(t, c, "login", "ann", "5/m")
	lookup(t, c, "default", "ann", "100/m")
	lookup(t, c, "", "ann", "")
	lookup(t, c, "api", "ann", "")

	set(t, c.Set(policy(t, "api", "10/s")))
	set(t, c.Override("api", "ann", policy(t, "ignored", "20/s")))
	set(t, c.Override("default", "ann", policy(t, "", "7/m")))
	if p, _ := c.Lookup("default", "ann"); p.Name != "" {
		t.Errorf("the override is called %q, and the policy has no name", p.Name)
	}
	lookup(t, c, "api", "ann", "20/s")
	lookup(t, c, "api", "bob", "10/s")
	set(t, c.Set(policy(t, "api", "30/s shadow"))) // overrides stay
	lookup(t, c, "api", "ann", "20/s")
	lookup(t, c, "api", "bob", "30/s shadow")
	set(t, c.Override("api", "ann", policy(t, "", "21/s")))
	lookup(t, c, "api", "ann", "21/s")

	var names []string
	for _, p := range c.List() {
		names = append(names, p.Label())
	}
	if want := []string{"api", "default", "login"}; !slices.Equal(names, want) {
		t.Errorf("List: got %q, want %q", names, want)
	}
	set(t, c.Override("api", "a", policy(t, "", "1/s")))
	want := []ratelimit.Override{{Key: "a", Policy: policy(t, "api", "1/s")}, {Key: "ann", Policy: policy(t, "api", "21/s")}}
	if got := c.Overrides("api"); !slices.Equal(got, want) {
		t.Errorf("Overrides: got %+v", got)
	}
	if got := c.Overrides("none"); len(got) != 0 {
		t.Errorf("Overrides of nothing: got %+v", got)
	}

	for _, test := range []struct {
		what string
		got  bool
		want bool
	}{
		{"clear", c.ClearOverride("api", "ann"), true},
		{"clear again", c.ClearOverride("api", "ann"), false},
		{"clear of nothing", c.ClearOverride("none", "ann"), false},
		{"remove", c.Remove("api"), true},
		{"remove again", c.Remove("api"), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %t, want %t", test.what, test.got, test.want)
		}
	}
	lookup(t, c, "api", "a", "")
	set(t, c.Set(policy(t, "api", "2/s")))
	lookup(t, c, "api", "a", "2/s") // removed with it
}

func TestPoliciesReplace(t *testing.T) {
	t.Parallel()
	c := must(ratelimit.NewPolicies(policy(t, "old", "5/m"), policy(t, "kept", "5/m")))
	set(t, c.Override("kept", "ann", policy(t, "", "1/m")))
	set(t, c.Replace([]ratelimit.Policy{policy(t, "kept", "6/m"), policy(t, "new", "7/m")},
		[]ratelimit.Override{{Key: "bob", Policy: policy(t, "new", "8/m")}}))
	lookup(t, c, "old", "ann", "")
	lookup(t, c, "kept", "ann", "6/m")
	lookup(t, c, "new", "ann", "7/m")
	lookup(t, c, "new", "bob", "8/m")

	good := []ratelimit.Policy{policy(t, "new", "1/m")}
	for name, test := range map[string]struct {
		policies  []ratelimit.Policy
		overrides []ratelimit.Override
		is        error
	}{
		"invalid":          {policies: []ratelimit.Policy{{Name: "x"}}},
		"twice":            {policies: append(good, good...)},
		"invalid override": {policies: good, overrides: []ratelimit.Override{{Key: "a", Policy: ratelimit.Policy{Name: "new"}}}},
		"unknown":          {policies: good, overrides: []ratelimit.Override{{Key: "a", Policy: policy(t, "old", "1/m")}}, is: ratelimit.ErrUnknownPolicy},
		"override twice":   {policies: good, overrides: []ratelimit.Override{{Key: "a", Policy: good[0]}, {Key: "a", Policy: good[0]}}},
		"too many":         {policies: numbered(t, ratelimit.MaxPolicies+1), is: ratelimit.ErrTooManyPolicies},
		"too many overrides": {policies: good, overrides: func() (all []ratelimit.Override) {
			for i := range ratelimit.MaxOverrides + 1 {
				all = append(all, ratelimit.Override{Key: fmt.Sprint(i), Policy: good[0]})
			}
			return all
		}(), is: ratelimit.ErrTooManyPolicies},
	} {
		err := c.Replace(test.policies, test.overrides)
		if err == nil || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: got %v", name, err)
		}
		lookup(t, c, "new", "bob", "8/m") // as before
	}
	if c, err := ratelimit.NewPolicies(policy(t, "a", "1/m"), policy(t, "a", "2/m")); err == nil || c != nil {
		t.Errorf("NewPolicies: got %v, %v, want an error", c, err)
	}
}

func numbered(t *testing.T, n int) []ratelimit.Policy {
	t.Helper()
	all := make([]ratelimit.Policy, n)
	for i := range all {
		all[i] = policy(t, fmt.Sprint("p", i), "1/m")
	}
	return all
}

func TestPoliciesAreBounded(t *testing.T) {
	t.Parallel()
	c := must(ratelimit.NewPolicies(numbered(t, ratelimit.MaxPolicies)...))
	if err := c.Set(policy(t, "more", "1/m")); !errors.Is(err, ratelimit.ErrTooManyPolicies) {
		t.Errorf("Set: got %v", err)
	}
	set(t, c.Set(policy(t, "p0", "2/m"))) // it is there already

	var overrides []ratelimit.Override
	for i := range ratelimit.MaxOverrides {
		overrides = append(overrides, ratelimit.Override{Key: fmt.Sprint(i), Policy: policy(t, fmt.Sprint("p", i%2), "1/m")})
	}
	set(t, c.Replace(numbered(t, 3), overrides))
	if err := c.Override("p2", "more", policy(t, "", "1/m")); !errors.Is(err, ratelimit.ErrTooManyPolicies) {
		t.Errorf("Override: got %v", err)
	}
	set(t, c.Override("p0", "0", policy(t, "", "9/m")))
	c.Remove("p1") // and half of the overrides
	for i := range 10 {
		set(t, c.Override("p2", fmt.Sprint(i), policy(t, "", "1/m")))
	}
	if n := len(c.Overrides("p0")) + len(c.Overrides("p2")); n != ratelimit.MaxOverrides/2+10 {
		t.Errorf("%d overrides", n)
	}
	for name, err := range map[string]error{
		"invalid set":      c.Set(ratelimit.Policy{Name: "A"}),
		"invalid override": c.Override("p0", "a", ratelimit.Policy{}),
		"override nothing": c.Override("none", "a", policy(t, "", "1/m")),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// Whoever looks while it changes sees one state or the other.
func TestPoliciesConcurrently(t *testing.T) {
	t.Parallel()
	c := must(ratelimit.NewPolicies(policy(t, "a", "1/m"), policy(t, "b", "1/m")))
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a, aok := c.Lookup("a", "key")
				if !aok || a.Limit != 1 && a.Limit != 2 && a.Limit != 3 {
					t.Errorf("got %+v, %t", a, aok)
				}
				c.List()
				c.Overrides("a")
			}
		})
	}
	for i := range 3 {
		writers.Go(func() {
			for range 200 {
				set(t, c.Set(policy(t, "a", fmt.Sprint(i%2+1, "/m"))))
				set(t, c.Override("a", "key", policy(t, "", "3/m")))
				c.ClearOverride("a", "key")
				c.Remove("b")
				set(t, c.Replace([]ratelimit.Policy{policy(t, "a", "1/m")}, nil))
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}
