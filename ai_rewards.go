package dashboard

import (
	"context"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/internal/follow"
)

// rewarding tells the bandits of this instance what people say of answers, on
// whichever instance they say it.
type rewarding struct {
	records *airecord.Store
	bandits []*ai.Bandit
	loop    *follow.Loop
	stop    func()
	seen    int64 // the revision of the feedback; of the loop's goroutine
}

// rewardsAtOnce is how many rewards are read at a time, and rewardsPast how many of
// earlier ones a start takes into account.
const (
	rewardsAtOnce = 500
	rewardsPast   = 5_000
)

func (d *Dashboard) newRewarding(records *airecord.Store, bandits []*ai.Bandit) *rewarding {
	r := &rewarding{records: records, bandits: bandits}
	r.loop = follow.New(follow.Options{What: "feedback of models", Look: r.look, Bus: d.bus, Log: d.log})
	return r
}

func (r *rewarding) start(ctx context.Context) error {
	if len(r.bandits) == 0 {
		return nil
	}
	latest, err := r.records.Revision(ctx)
	if err != nil {
		return err
	}
	r.seen = max(0, latest-rewardsPast)
	if err := r.look(ctx); err != nil {
		return err
	}
	r.stop = r.loop.Start()
	return nil
}

func (r *rewarding) shutdown() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// told has the bandits of all instances hear of new feedback at once.
func (r *rewarding) told(ctx context.Context) {
	if len(r.bandits) > 0 {
		r.loop.Rouse()
		r.loop.Tell(ctx, nil)
	}
}

func (r *rewarding) look(ctx context.Context) error {
	for {
		list, err := r.records.ChangedSince(ctx, r.seen, rewardsAtOnce)
		if err != nil {
			return err
		}
		for i := range list {
			r.reward(&list[i])
			r.seen = list[i].Revision
		}
		if len(list) < rewardsAtOnce {
			return nil
		}
	}
}

// reward goes to the arm of each bandit that answered: the last one it chose.
func (r *rewarding) reward(f *airecord.Feedback) {
	reward, ok := f.Reward()
	if !ok {
		return
	}
	for _, b := range r.bandits {
		arm := ""
		for _, n := range f.Trail.Notes {
			if n.Router == b.Name() {
				arm = n.Choice
			}
		}
		if arm != "" {
			b.Reward(f.ID, arm, reward, f.At)
		}
	}
}
