package dashboard_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// kiosk is a module that takes orders.
type kiosk struct {
	hooks
	host    *dashboard.Host
	running chan struct{} // one for each order that has begun, where it is not nil
	gate    chan struct{} // what orders wait for
	left    atomic.Bool   // the client of the last order that waited has gone
}

func (k *kiosk) Provision(h *dashboard.Host) error { k.host = h; return nil }

type orderIn struct {
	Item  string `json:"item" validate:"required"`
	Large int    `json:"large" doc:"The size of the note on the answer."`
	Fail  string `json:"fail" doc:"before or after it is written"`
}

type orderOut struct {
	Number int    `json:"number"`
	Note   string `json:"note,omitempty"`
}

func (o orderOut) ETag() string { return `"order"` }
func (o orderOut) SetHeader(h http.Header) {
	h.Set("Location", "/orders/1")
	h.Set("Set-Cookie", "basket=1")
}

func newKiosk() *kiosk {
	k := &kiosk{hooks: hooks{id: "kiosk", migrate: []storage.Migration{{Version: 1, Name: "orders", SQL: "CREATE TABLE kiosk__orders (item TEXT NOT NULL)"}}}}
	k.routes = func(r *dashboard.Router) error {
		dashboard.Post(r, "/orders", k.order, dashboard.Require(permRead), dashboard.Status(http.StatusCreated))
		dashboard.Post(r, "/secret", k.order, dashboard.Require(permRead), dashboard.AnswerOnce())
		dashboard.Put(r, "/orders", k.order, dashboard.Require(permRead), dashboard.Status(http.StatusCreated))
		dashboard.Post(r, "/open", k.order, dashboard.Public())
		dashboard.Get(r, "/count", func(ctx context.Context, _ none) (orderOut, error) {
			n, err := k.count(ctx)
			return orderOut{Number: n}, err
		}, dashboard.Require(permRead))
		r.Handle("POST /plain", http.HandlerFunc(k.plain), dashboard.Require(permRead), dashboard.BodyLimit(4<<20))
		return nil
	}
	return k
}

func (k *kiosk) count(ctx context.Context) (n int, err error) {
	err = k.host.DB().QueryRow(ctx, `SELECT count(*) FROM kiosk__orders`).Scan(&n)
	return n, err
}

func (k *kiosk) order(ctx context.Context, in orderIn) (orderOut, error) {
	if k.running != nil {
		defer context.AfterFunc(dashboard.ClientContextForTest(ctx), func() { k.left.Store(true) })()
		k.running <- struct{}{}
		select {
		case <-k.gate:
		case <-ctx.Done():
		}
	}
	if in.Fail == "before" {
		return orderOut{}, dashboard.Errorf(http.StatusConflict, "sold-out", "There is none left.")
	}
	if _, err := k.host.DB().Exec(ctx, `INSERT INTO kiosk__orders (item) VALUES ($1)`, in.Item); err != nil {
		return orderOut{}, err
	}
	switch in.Fail {
	case "after":
		return orderOut{}, dashboard.Errorf(http.StatusBadGateway, "printer", "The printer is on fire.")
	case "panic":
		panic("boom")
	}
	n, err := k.count(ctx)
	return orderOut{Number: n, Note: strings.Repeat("x", in.Large)}, err
}

// plain answers in two parts and reads its body itself.
func (k *kiosk) plain(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, err = k.host.DB().Exec(r.Context(), `INSERT INTO kiosk__orders (item) VALUES ($1)`, "plain")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	if r.URL.Query().Get("flush") != "" {
		w.(http.Flusher).Flush()
	}
	_, _ = w.Write(body)
	_, _ = w.Write([]byte("!"))
}

func (s *server) orders(t *testing.T) int {
	t.Helper()
	var out orderOut
	s.owner().get("/api/v1/m/kiosk/count").wantStatus(http.StatusOK).decode(&out)
	return out.Number
}

func startKiosk(t *testing.T) (*server, *kiosk) {
	t.Helper()
	k := newKiosk()
	s := newServer(t, dashboard.WithModules(k))
	s.waitState("kiosk", "enabled")
	return s, k
}

const ordersPath = "/api/v1/m/kiosk/orders"

func (c caller) order(item, key string) answer {
	c.s.t.Helper()
	return c.do("POST", ordersPath, orderIn{Item: item}, "Idempotency-Key", key)
}

func TestIdempotencyKeyReplays(t *testing.T) {
	t.Parallel()
	s, _ := startKiosk(t)
	first := s.owner().order("tea", "k").wantStatus(http.StatusCreated)
	again := s.owner().order("tea", "k").wantStatus(http.StatusCreated)
	if first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got Idempotent-Replayed %q and %q", first.header.Get("Idempotent-Replayed"), again.header.Get("Idempotent-Replayed"))
	}
	for _, name := range []string{"Content-Type", "ETag", "Location", "Cache-Control", "X-Content-Type-Options"} {
		if a, b := first.header.Get(name), again.header.Get(name); a == "" || a != b {
			t.Errorf("%s: got %q at first and %q again", name, a, b)
		}
	}
	if first.header.Get("Set-Cookie") == "" || again.header.Get("Set-Cookie") != "" {
		t.Error("the cookie of the first answer is repeated")
	}
	if first.header.Get("X-Request-Id") == again.header.Get("X-Request-Id") {
		t.Error("two requests have one id")
	}
	if !bytes.Equal(first.body, again.body) || s.orders(t) != 1 {
		t.Errorf("got %s, then %s, and %d orders", first.body, again.body, s.orders(t))
	}

	s.owner().order("milk", "k").wantProblem(http.StatusUnprocessableEntity, "idempotency-key-reused")
	if got := s.orders(t); got != 1 {
		t.Errorf("another body: %d orders", got)
	}
	reader := s.member("reader", "kiosk.note.read")
	reader.order("tea", "k").wantStatus(http.StatusCreated)
	s.owner().order("tea", "K").wantStatus(http.StatusCreated)
	s.owner().do("POST", "/api/v1/m/kiosk/plain", orderIn{Item: "tea"}, "Idempotency-Key", "k").wantStatus(http.StatusAccepted)
	if got := s.orders(t); got != 4 {
		t.Errorf("another account, key and path: %d orders, want 4", got)
	}
	s.owner().do("POST", "/api/v1/m/kiosk/plain?a=1", orderIn{Item: "tea"}, "Idempotency-Key", "k").wantProblem(422, "idempotency-key-reused")

	// Who has lost the right is not told what was answered while it was there.
	s.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{"dashboard.audit.read"}}).wantStatus(204)
	eventually(t, "the right is gone", func() bool { return reader.order("tea", "k").status == http.StatusNotFound })
}

func TestIdempotencyKeyAtOnce(t *testing.T) {
	t.Parallel()
	s, k := startKiosk(t)
	k.running, k.gate = make(chan struct{}, 1), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { s.owner().order("tea", "k").wantStatus(http.StatusCreated) })
	<-k.running
	for range 4 {
		if a := s.owner().order("tea", "k").wantProblem(http.StatusConflict, "idempotency-in-progress"); a.header.Get("Retry-After") != "1" {
			t.Errorf("got Retry-After %q, want 1", a.header.Get("Retry-After"))
		}
	}
	close(k.gate)
	wg.Wait()
	s.owner().order("tea", "k").wantStatus(http.StatusCreated)
	if got := s.orders(t); got != 1 {
		t.Errorf("got %d orders, want 1", got)
	}
}

// What the client did not wait for is done and kept for it all the same.
func TestIdempotencyKeyOfClientThatLeaves(t *testing.T) {
	t.Parallel()
	s, k := startKiosk(t)
	k.running, k.gate = make(chan struct{}, 1), make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+ordersPath, strings.NewReader(`{"item":"tea"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Idempotency-Key", "k")
	var wg sync.WaitGroup
	wg.Go(func() {
		if res, err := s.http.Do(r); err == nil {
			_ = res.Body.Close()
			t.Error("the request was answered")
		}
	})
	<-k.running
	leave()
	wg.Wait()
	eventually(t, "the server has seen the client leave", func() bool { return k.left.Load() })
	close(k.gate)
	var last answer
	eventually(t, "there is an answer", func() bool {
		last = s.owner().do("POST", ordersPath, []byte(`{"item":"tea"}`), "Idempotency-Key", "k")
		return last.status != http.StatusConflict
	})
	if last.wantStatus(http.StatusCreated); last.header.Get("Idempotent-Replayed") != "true" || s.orders(t) != 1 {
		t.Errorf("got %v and %d orders", last.header, s.orders(t))
	}
}

// A module that is disabled does not wait for a client that may come back.
func TestIdempotencyKeyOfModuleThatGoes(t *testing.T) {
	t.Parallel()
	k := newKiosk()
	s := newServer(t, dashboard.WithModules(k), dashboard.WithDrainTimeout(time.Millisecond))
	s.waitState("kiosk", "enabled")
	k.running, k.gate = make(chan struct{}, 1), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := s.owner().order("tea", "k"); a.status != http.StatusServiceUnavailable {
			t.Errorf("got %d: %s", a.status, a.body)
		}
	})
	<-k.running
	s.act("kiosk", "disable", "installed")
	wg.Wait()
	k.running = nil
	s.act("kiosk", "enable", "enabled")
	s.owner().order("tea", "k").wantStatus(http.StatusCreated)
	if got := s.orders(t); got != 1 {
		t.Errorf("got %d orders, want 1", got)
	}
}

// What failed before anything was written may be tried again with its key.
func TestIdempotencyKeyOfFailures(t *testing.T) {
	t.Parallel()
	s, _ := startKiosk(t)
	order := func(in orderIn, key string) answer {
		return s.owner().do("POST", ordersPath, in, "Idempotency-Key", key)
	}
	for range 2 {
		if a := order(orderIn{}, "invalid").wantProblem(422, "invalid-input"); a.header.Get("Idempotent-Replayed") != "" {
			t.Error("an invalid request is replayed")
		}
		if a := order(orderIn{Item: "tea", Fail: "before"}, "before").wantProblem(409, "sold-out"); a.header.Get("Idempotent-Replayed") != "" {
			t.Error("a request that did nothing is replayed")
		}
	}
	order(orderIn{Item: "tea"}, "invalid").wantStatus(http.StatusCreated) // with another body, for the first is forgotten
	for i, want := range []string{"", "true"} {
		if a := order(orderIn{Item: "tea", Fail: "after"}, "after").wantProblem(502, "printer"); a.header.Get("Idempotent-Replayed") != want {
			t.Errorf("answer %d: Idempotent-Replayed %q, want %q", i, a.header.Get("Idempotent-Replayed"), want)
		}
	}
	order(orderIn{Item: "tea", Fail: "panic"}, "panic").wantProblem(500, "internal")
	order(orderIn{Item: "tea", Fail: "panic"}, "panic").wantProblem(409, "idempotency-answer-lost")
	if got := s.orders(t); got != 3 {
		t.Errorf("got %d orders, want 3", got)
	}
}

func TestIdempotencyKeyOfAnswersThatAreNotKept(t *testing.T) {
	t.Parallel()
	s, _ := startKiosk(t)
	owner := s.owner()
	for _, c := range []struct {
		name, path string
		body       any
		status     int
	}{
		{"large", ordersPath, orderIn{Item: "tea", Large: 70_000}, 201},
		{"secret", "/api/v1/m/kiosk/secret", orderIn{Item: "tea"}, 200},
		{"flushed", "/api/v1/m/kiosk/plain?flush=1", orderIn{Item: "tea"}, 202},
		{"API key", "/api/v1/api-keys", map[string]any{"name": "ci", "permissions": []string{"kiosk.note.read"}}, 201},
	} {
		a := owner.do("POST", c.path, c.body, "Idempotency-Key", c.name).wantStatus(c.status)
		if c.name == "large" && len(a.body) < 70_000 {
			t.Errorf("large: got %d bytes", len(a.body))
		}
		owner.do("POST", c.path, c.body, "Idempotency-Key", c.name).wantProblem(409, "idempotency-answer-lost")
	}
	if got := s.orders(t); got != 3 {
		t.Errorf("got %d orders, want 3", got)
	}
	a := owner.do("POST", "/api/v1/m/kiosk/plain", []byte("hello"), "Idempotency-Key", "plain").wantStatus(202)
	b := owner.do("POST", "/api/v1/m/kiosk/plain", []byte("hello"), "Idempotency-Key", "plain").wantStatus(202)
	if string(a.body) != "hello!" || string(b.body) != "hello!" {
		t.Errorf("got %q and %q", a.body, b.body)
	}
	owner.do("POST", "/api/v1/m/kiosk/plain", make([]byte, 1<<20+1), "Idempotency-Key", "body").wantProblem(413, "body-too-large")
	owner.do("POST", "/api/v1/m/kiosk/plain", make([]byte, 1<<20+1)).wantStatus(202)
	owner.do("POST", ordersPath, make([]byte, 1<<20+1), "Idempotency-Key", "body").wantProblem(413, "body-too-large")
}

func TestIdempotencyKeyWhereItCounts(t *testing.T) {
	t.Parallel()
	s, _ := startKiosk(t)
	for _, key := range []string{"", strings.Repeat("k", 256), "é", "a\tb"} {
		s.owner().order("tea", key).wantProblem(400, "idempotency-key-invalid")
	}
	s.owner().order("tea", " ~"+strings.Repeat("k", 253)).wantStatus(201)
	for range 2 {
		if a := s.owner().do("PUT", ordersPath, orderIn{Item: "tea"}, "Idempotency-Key", "k").wantStatus(201); a.header.Get("Idempotent-Replayed") != "" {
			t.Error("a PUT is replayed")
		}
		if a := s.as("").do("POST", "/api/v1/m/kiosk/open", orderIn{Item: "tea"}, "Idempotency-Key", "k").wantStatus(200); a.header.Get("Idempotent-Replayed") != "" {
			t.Error("an answer to nobody known is replayed to nobody known")
		}
		if a := s.owner().do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword, "delivery": "token"},
			"Idempotency-Key", "k").wantStatus(200); a.header.Get("Idempotent-Replayed") != "" {
			t.Error("a sign-in is replayed")
		}
	}
	user := map[string]any{"email": "bob@example.com", "name": "Bob", "password": ownerPassword}
	first := s.owner().do("POST", "/api/v1/users", user, "Idempotency-Key", "bob").wantStatus(201)
	again := s.owner().do("POST", "/api/v1/users", user, "Idempotency-Key", "bob").wantStatus(201)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("an account: got %s and %s", first.body, again.body)
	}
}

// Without the header a POST allocates what a PUT does.
func TestIdempotencyCostsNothingUnasked(t *testing.T) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	echo := func(_ context.Context, in noteIn) (note, error) { return note(in), nil }
	m := dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{permRead}}, func(r *dashboard.Router) error {
		dashboard.Post(r, "/notes/{id}", echo, dashboard.Require(permRead))
		dashboard.Put(r, "/notes/{id}", echo, dashboard.Require(permRead))
		return nil
	})
	d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithModules(m), dashboard.WithRateLimit("caller", "1000000/s"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := dashboard.AccessTokenForTest(t, d, ownerEmail, ownerPassword)
	allocs := func(method string) float64 {
		body := strings.NewReader("")
		r := httptest.NewRequest(method, "/api/v1/m/notes/notes/1", body)
		r.Host, r.RemoteAddr = "localhost", "127.0.0.1:4242"
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		w := discard{h: http.Header{}}
		return testing.AllocsPerRun(1, func() {
			body.Reset(`{"text":"hello"}`)
			r.Body, r.ContentLength = io.NopCloser(body), 16
			clear(w.h)
			d.ServeHTTP(w, r)
		})
	}
	// The fewest of many single requests: under the race detector a pool drops what it is given now and then.
	put, post := math.Inf(1), math.Inf(1)
	for range 300 {
		put, post = min(put, allocs(http.MethodPut)), min(post, allocs(http.MethodPost))
	}
	if post > put {
		t.Errorf("got %v allocations, want the %v of a PUT", post, put)
	}
	t.Logf("%v allocations", post)
}
