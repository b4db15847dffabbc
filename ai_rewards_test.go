package dashboard_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// What people say of answers on one instance is heard by the bandits of another,
// also by one that starts later.
func TestFeedbackRewardsBandits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "test.db")
	open := func() (*server, *ai.Bandit) {
		models := ai.NewDirectory()
		_, err := models.Bandit("x", ai.BanditOptions{}, "x/m", "x/n")
		if err == nil {
			t.Error("a bandit of a provider that is not there: got no error")
		}
		var b *ai.Bandit
		if err = models.Provider("here", fixedModel("Hello")); err == nil {
			b, err = models.Bandit("smart", ai.BanditOptions{}, "here/a", "here/b")
		}
		if err != nil {
			t.Fatal(err)
		}
		return openServer(t, file, dashboard.WithModels(models)), b
	}
	s, here := open()
	_, there := open()
	weights := func(b *ai.Bandit) (w, good float64) {
		for _, a := range b.Arms() {
			w += a.Weight
			good += (a.Mean - 0.5) * a.Weight
		}
		return w, good
	}
	for range 3 {
		var asked struct{ ID string }
		s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusOK).decode(&asked)
		s.owner().do("POST", "/api/v1/ai/feedback", map[string]any{"request_id": asked.ID, "thumb": "down"}).wantStatus(http.StatusOK)
		s.owner().do("POST", "/api/v1/ai/feedback", map[string]any{"request_id": asked.ID, "thumb": "up"}).wantStatus(http.StatusOK)
	}
	heard := func(b *ai.Bandit) bool {
		w, good := weights(b)
		return w > 2.9 && w < 3.1 && good > 0.5
	}
	await(t, "the bandit here", func() bool { return heard(here) })
	await(t, "the bandit there", func() bool { return heard(there) })
	_, later := open()
	if !heard(later) {
		t.Errorf("one that starts later: got %+v", later.Arms())
	}
	var out struct {
		Routers []struct {
			Name string
			Arms []struct {
				Name  string
				Asked int
			}
		}
	}
	s.owner().get("/api/v1/ai/providers").wantStatus(http.StatusOK).decode(&out)
	if len(out.Routers) != 1 || len(out.Routers[0].Arms) != 2 || out.Routers[0].Arms[0].Asked+out.Routers[0].Arms[1].Asked != 3 {
		t.Errorf("got %+v", out)
	}
}
