package assistant_test

import (
	"context"
	"fmt"
	"iter"
	"log"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/modules/assistant"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The assistant uses the dashboard's models and offers them the endpoints of two
// modules, reading only.
func Example() {
	store, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	models := ai.NewDirectory()
	if err := models.Provider("local", ai.ModelFunc(parrot)); err != nil {
		log.Fatal(err)
	}
	settings := assistant.Defaults()
	settings.Model, settings.Writes, settings.Modules = "local/parrot", false, []string{"system", "dashboard"}
	helper := assistant.New(assistant.WithSettings(settings))
	_, err = dashboard.New(store, dashboard.WithModels(models), dashboard.WithModules(helper))
	fmt.Println(helper.Manifest().Title, err)
	// Output: Assistant <nil>
}

// parrot is a model that says what it heard.
func parrot(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	return func(yield func(ai.Event, error) bool) {
		heard := req.Messages[len(req.Messages)-1].Text()
		if yield(ai.Event{Kind: ai.EventText, Text: heard}, nil) {
			yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	}
}
