package assistant_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// token signs Eve in, who has a role of her own with the permissions.
func (s *site) token(permissions ...string) string {
	s.t.Helper()
	const password, email, role = "correct horse battery staple", "eve@example.com", "eve"
	s.Owner().Do("PUT", "/api/v1/roles/"+role, map[string]any{"permissions": permissions}).Want(http.StatusNoContent)
	s.Owner().Do("POST", "/api/v1/users", map[string]any{"email": email, "name": role, "password": password, "roles": []string{role}}).Want(http.StatusCreated)
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	s.Anonymous().Do("POST", "/api/v1/auth/login", map[string]string{"email": email, "password": password, "delivery": "token"}).Want(http.StatusOK).JSON(&grant)
	return grant.AccessToken
}

// open sends a request whose answer is read bit by bit: a POST where there is a body.
func (s *site) open(ctx context.Context, token, path, body string) *http.Response {
	s.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, s.URL+base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	res, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

func bodyOf(t *testing.T, res *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// eventually waits for what comes.
func (s *site) eventually(what string, condition func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			s.t.Fatalf("timed out waiting until %s", what)
		case <-tick.C:
		}
	}
}

// dump is all the text that the module has stored.
func (s *site) dump() (out string) {
	s.t.Helper()
	rows, err := s.DB.Query(s.t.Context(), `SELECT title || ' ' || content FROM assistant__conversations
		UNION ALL SELECT id || ' ' || conversation || ' ' || digest FROM assistant__confirmations`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.t.Fatal(err)
		}
		out += text + "\n"
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// age makes all that is stored older.
func (s *site) age(by time.Duration) {
	s.t.Helper()
	for _, change := range []string{`UPDATE assistant__conversations SET updated_at = updated_at - $1`, `UPDATE assistant__confirmations SET expires_at = expires_at - $1`} {
		if _, err := s.DB.Exec(s.t.Context(), change, int64(by/time.Second)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// forget runs the job and waits for it.
func (s *site) forget() {
	s.t.Helper()
	runs := func() (out []struct{ ID, Outcome, Error string }) {
		var list struct{ Items json.RawMessage }
		s.Owner().Get("/api/v1/jobs/assistant/forget/runs").Want(http.StatusOK).JSON(&list)
		if err := json.Unmarshal(list.Items, &out); err != nil {
			s.t.Fatal(err)
		}
		return out
	}
	before := len(runs())
	s.Owner().Do("POST", "/api/v1/jobs/assistant/forget/run", nil).Want(http.StatusAccepted)
	s.eventually("the job has run", func() bool {
		now := runs()
		return len(now) > before && now[0].Outcome != "" && now[0].Outcome != "running"
	})
	if got := runs()[0]; got.Outcome != "ok" {
		s.t.Fatalf("the job: got %+v", got)
	}
}
