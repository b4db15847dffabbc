package ollama

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

type modelList struct {
	Models *[]struct {
		Name     string `json:"name"`
		Modified string `json:"modified_at"`
	} `json:"models"`
}

// Models implements [ai.Lister]: the models that the server has, since when.
func (m *Model) Models(ctx context.Context) ([]ai.ModelInfo, error) {
	return wire.List(ctx, m.endpoint, "api/tags", "", func(in *modelList) (p wire.Page) {
		if in.Models == nil {
			return p
		}
		p.Known = true
		for _, m := range *in.Models {
			since, err := time.Parse(time.RFC3339, m.Modified)
			if err != nil {
				since = time.Time{} // which is not known then
			}
			p.Models = append(p.Models, ai.ModelInfo{Name: m.Name, Created: since})
		}
		return p
	})
}

var _ ai.Lister = (*Model)(nil)
