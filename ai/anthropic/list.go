package anthropic

import (
	"context"
	"net/url"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

type modelList struct {
	Data *[]struct {
		ID        string `json:"id"`
		CreatedAt string `json:"created_at"`
	} `json:"data"`
	HasMore bool   `json:"has_more"`
	LastID  string `json:"last_id"`
}

// Models implements [ai.Lister].
func (m *Messages) Models(ctx context.Context) ([]ai.ModelInfo, error) {
	const query = "limit=1000"
	return wire.List(ctx, m.endpoint, "v1/models", query, func(in *modelList) (p wire.Page) {
		if in.Data == nil {
			return p
		}
		p.Known = true
		for _, m := range *in.Data {
			created, err := time.Parse(time.RFC3339, m.CreatedAt)
			if err != nil {
				created = time.Time{} // which is not known then
			}
			p.Models = append(p.Models, ai.ModelInfo{Name: m.ID, Created: created})
		}
		if in.HasMore && in.LastID != "" {
			p.Next = query + "&after_id=" + url.QueryEscape(in.LastID)
		}
		return p
	})
}

var _ ai.Lister = (*Messages)(nil)
