package openai

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Models implements [ai.Lister]. OpenAI lists models of every kind, of pictures
// and speech too.
func (m *Chat) Models(ctx context.Context) ([]ai.ModelInfo, error) { return list(ctx, m.endpoint) }

// Models implements [ai.Lister], as [Chat.Models] does.
func (m *Responses) Models(ctx context.Context) ([]ai.ModelInfo, error) {
	return list(ctx, m.endpoint)
}

type modelList struct {
	Data *[]struct {
		ID      string  `json:"id"`
		Created float64 `json:"created"`
	} `json:"data"`
}

func list(ctx context.Context, e *wire.Endpoint) ([]ai.ModelInfo, error) {
	return wire.List(ctx, e, "models", "", func(in *modelList) (p wire.Page) {
		if in.Data == nil {
			return p
		}
		p.Known = true
		for _, m := range *in.Data {
			p.Models = append(p.Models, ai.ModelInfo{Name: m.ID, Created: time.Unix(int64(m.Created), 0)})
		}
		return p
	})
}

var (
	_ ai.Lister = (*Chat)(nil)
	_ ai.Lister = (*Responses)(nil)
)
